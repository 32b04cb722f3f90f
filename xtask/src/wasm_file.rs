//! Reads the outline of a wasm module: sections, imports, function sizes, function names.
//!
//! It reads what the binary format says and nothing more; a malformed file is an error with the
//! place in it, never a crash.

use std::collections::BTreeMap;

/// One section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Section {
    /// The standard's name, or a custom section's own name.
    pub(crate) name: String,
    /// Bytes of its content.
    pub(crate) size: usize,
}

/// One import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Import {
    /// The module it is asked from.
    pub(crate) module: String,
    /// Its name there.
    pub(crate) name: String,
}

/// What a module consists of.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    /// In file order.
    pub(crate) sections: Vec<Section>,
    /// In file order.
    pub(crate) imports: Vec<Import>,
    /// Code bytes of each function, with its name if the module has a name section.
    pub(crate) functions: Vec<(String, usize)>,
}

/// Reads a module.
///
/// # Errors
/// A sentence with the offset where the file stops making sense.
pub(crate) fn outline(bytes: &[u8]) -> Result<Outline, String> {
    let mut reader = Reader { bytes, at: 0 };
    if reader.take(8)? != b"\0asm\x01\0\0\0" {
        return Err("not a wasm module of version 1".to_owned());
    }
    let mut outline = Outline::default();
    let mut imported = 0;
    let mut sizes = Vec::new();
    let mut names = BTreeMap::new();
    while reader.at < bytes.len() {
        let id = reader.byte()?;
        let size = reader.number()?;
        let mut body = Reader { bytes: reader.take(size)?, at: 0 };
        let name = match id {
            0 => {
                let name = body.text()?;
                if name == "name" {
                    names = function_names(&mut body)?;
                }
                name
            }
            2 => {
                imported = imports(&mut body, &mut outline.imports)?;
                section_name(id)
            }
            10 => {
                for _ in 0..body.number()? {
                    let size = body.number()?;
                    body.take(size)?;
                    sizes.push(size);
                }
                section_name(id)
            }
            _ => section_name(id),
        };
        outline.sections.push(Section { name, size });
    }
    for (index, size) in sizes.into_iter().enumerate() {
        let index = imported + index;
        let name = names.remove(&index).unwrap_or_else(|| format!("function {index}"));
        outline.functions.push((name, size));
    }
    Ok(outline)
}

fn section_name(id: u8) -> String {
    let known = [
        "custom",
        "type",
        "import",
        "function",
        "table",
        "memory",
        "global",
        "export",
        "start",
        "element",
        "code",
        "data",
        "data count",
        "tag",
    ];
    known.get(usize::from(id)).map_or_else(|| format!("section {id}"), |name| (*name).to_owned())
}

/// Reads the import section; returns how many of the imports are functions.
fn imports(body: &mut Reader<'_>, imports: &mut Vec<Import>) -> Result<usize, String> {
    let mut functions = 0;
    for _ in 0..body.number()? {
        let module = body.text()?;
        let name = body.text()?;
        imports.push(Import { module, name });
        match body.byte()? {
            0 => {
                functions += 1;
                body.number()?;
            }
            1 => {
                body.byte()?;
                body.limits()?;
            }
            2 => body.limits()?,
            3 => {
                body.take(2)?;
            }
            kind => return Err(format!("unknown import kind {kind}")),
        }
    }
    Ok(functions)
}

/// Reads the subsection of the name section that names functions.
fn function_names(body: &mut Reader<'_>) -> Result<BTreeMap<usize, String>, String> {
    let mut names = BTreeMap::new();
    while body.at < body.bytes.len() {
        let id = body.byte()?;
        let size = body.number()?;
        let mut part = Reader { bytes: body.take(size)?, at: 0 };
        if id == 1 {
            for _ in 0..part.number()? {
                let index = part.number()?;
                names.insert(index, part.text()?);
            }
        }
    }
    Ok(names)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let end = self.at.checked_add(count);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| format!("ends early, at byte {}", self.at))?;
        self.at += count;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, String> {
        let byte = self.take(1)?.first().copied();
        byte.ok_or_else(|| "ends early".to_owned())
    }

    /// An unsigned LEB128 number of at most 32 bits.
    fn number(&mut self) -> Result<usize, String> {
        let mut value = 0_usize;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            value |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(format!("number too long, at byte {}", self.at))
    }

    fn text(&mut self) -> Result<String, String> {
        let size = self.number()?;
        Ok(String::from_utf8_lossy(self.take(size)?).into_owned())
    }

    fn limits(&mut self) -> Result<(), String> {
        if self.byte()? & 1 == 1 {
            self.number()?;
        }
        self.number().map(drop)
    }
}

#[cfg(test)]
mod tests;
