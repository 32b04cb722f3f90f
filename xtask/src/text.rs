//! Small things done to text: the nearest name, and values out of files of a known shape.

/// The name most like `word`, if one is near enough to be a slip of the fingers.
pub(crate) fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 2).clamp(1, 3);
    names
        .map(|name| (distance(word, name), name))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, name)| name)
}

/// Levenshtein distance, in characters.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, a) in from.chars().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        let mut next = vec![left];
        for (above, b) in row.iter().skip(1).zip(&to) {
            left = (diagonal + usize::from(a != *b)).min(above + 1).min(left + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// The first `key = "value"` of a TOML text, in the section `[section]`.
pub(crate) fn toml_value<'a>(toml: &'a str, section: &str, key: &str) -> Option<&'a str> {
    let mut inside = section.is_empty();
    for line in toml.lines() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[') {
            inside = name.strip_suffix(']') == Some(section);
        } else if inside
            && let Some(rest) = line.strip_prefix(key)
            && let Some(value) = rest.trim_start().strip_prefix('=')
        {
            return quoted(value);
        }
    }
    None
}

/// The text between the first two double quotes.
pub(crate) fn quoted(text: &str) -> Option<&str> {
    text.split('"').nth(1)
}

/// The version of a package in a Cargo.lock; `None` if it is absent.
pub(crate) fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines();
    lines.find(|line| *line == name)?;
    lines.next()?.strip_prefix("version = ").and_then(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_close_or_none() {
        let names = ["demo", "test", "lint", "wasm", "size"];
        assert_eq!(nearest("tset", names.into_iter()), Some("test"));
        assert_eq!(nearest("wsam", names.into_iter()), Some("wasm"));
        assert_eq!(nearest("sizes", names.into_iter()), Some("size"));
        assert_eq!(nearest("conformance", names.into_iter()), None);
        assert_eq!(nearest("", names.into_iter()), None);
    }

    #[test]
    fn distance_counts_single_edits() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }

    #[test]
    fn toml_values_come_from_their_section() {
        let toml = "[package]\nname = \"a\"\n[workspace.package]\nversion = \"1.2.3\" # why\n";
        assert_eq!(toml_value(toml, "workspace.package", "version"), Some("1.2.3"));
        assert_eq!(toml_value(toml, "package", "version"), None);
    }

    #[test]
    fn locked_versions_are_found_by_exact_name() {
        let lock = "[[package]]\nname = \"ab\"\nversion = \"1\"\n\n[[package]]\nname = \"a\"\nversion = \"2\"\n";
        assert_eq!(locked_version(lock, "a"), Some("2"));
        assert_eq!(locked_version(lock, "b"), None);
    }
}
