//! The normal form of a request path: what every host matches and forwards.
//!
//! Two spellings of one path must never meet two different rules, and the callee must see what
//! the rules saw. So the path is brought to one form before matching, and where that changed it,
//! the changed form is what travels on:
//!
//! 1. the path is what stands before the first `?` or `#`; an empty one is `/`;
//! 2. control bytes and `%00` are refused ([`PathError::Control`]); more than
//!    [`PATH_BYTES_MAX`] bytes are refused ([`PathError::TooLong`]);
//! 3. `\` becomes `/`, as in the URL standard;
//! 4. `%xx` of an unreserved character (letters, digits, `-._~`) is decoded; any other valid
//!    escape keeps its bytes with upper-case hex, so `%2f` stays one segment's byte and `%ff` is
//!    never guessed to be text; a `%` that starts no escape becomes `%25`;
//! 5. bytes outside printable ASCII, and the space, are percent-encoded;
//! 6. runs of `/` become one; `.` segments go; `..` removes the segment before it and stops at the
//!    root. Case and a trailing slash are kept.
//!
//! Decoding happens once: `%252e` becomes `%252e`, never `.`.

use alloc::vec::Vec;
use core::fmt;

use crate::limits::PATH_BYTES_MAX;

/// Why a path has no normal form.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PathError {
    /// A control byte, raw or as an escape below `%20`, or `%7F`.
    Control,
    /// More than [`PATH_BYTES_MAX`] bytes.
    TooLong,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Control => "the path holds a control byte",
            Self::TooLong => "the path is longer than 16384 bytes",
        })
    }
}

impl core::error::Error for PathError {}

/// A path in normal form, which only [`normal`] makes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NormalPath<'a> {
    bytes: &'a [u8],
    changed: bool,
}

impl<'a> NormalPath<'a> {
    /// The path.
    #[must_use]
    pub const fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// True where it is not what the request had.
    #[must_use]
    pub const fn changed(self) -> bool {
        self.changed
    }
}

/// The normal form of `raw` as [`normalize`] brings it, as a type of its own: what takes one need
/// not normalise again.
///
/// # Errors
/// [`PathError`] where the path has no normal form.
pub fn normal<'a>(raw: &'a [u8], scratch: &'a mut Vec<u8>) -> Result<NormalPath<'a>, PathError> {
    if raw.len() > PATH_BYTES_MAX {
        return Err(PathError::TooLong);
    }
    if is_normal(raw) {
        return Ok(NormalPath { bytes: raw, changed: false });
    }
    rewrite(raw, scratch)?;
    Ok(NormalPath { bytes: scratch, changed: scratch != raw })
}

/// Brings `raw` to its normal form; borrows it unchanged where it is already normal, which costs
/// one pass and no allocation. `scratch` holds the changed form and keeps its capacity.
///
/// # Errors
/// [`PathError`] where the path has no normal form.
pub fn normalize<'a>(raw: &'a [u8], scratch: &'a mut Vec<u8>) -> Result<&'a [u8], PathError> {
    normal(raw, scratch).map(NormalPath::as_bytes)
}

/// True where the bytes need no change. Conservative: a dot after a slash (`/.well-known`) takes
/// the slow way and comes out as it went in.
///
/// Looks at eight bytes at a time, as all of a path is read here for each request.
fn is_normal(raw: &[u8]) -> bool {
    let (words, rest) = raw.as_chunks::<8>();
    // what is missing of the last word is nothing that changes a path
    let last = rest.iter().rev().fold(each(b'a'), |word, &byte| word << 8 | u64::from(byte));
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let (mut wrong, mut slash_before) = (0, 0);
    for word in words.chain([last]) {
        let slashes = equal(word, b'/');
        let after_slash = slashes << 8 | slash_before;
        slash_before = slashes >> 56;
        wrong |= after_slash & (slashes | equal(word, b'.'));
        wrong |= equal(word, b'?') | equal(word, b'#') | equal(word, b'%') | equal(word, b'\\');
        // outside of printable ASCII: below `!`, above `~`
        wrong |= word | word.wrapping_sub(each(b'!')) | word.wrapping_add(each(1));
    }
    wrong & each(0x80) == 0 && raw.first() == Some(&b'/')
}

/// That byte eight times.
const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The highest bit of each byte of `word` that is `byte`; right for bytes of ASCII only, which
/// [`is_normal`] makes sure of.
const fn equal(word: u64, byte: u8) -> u64 {
    let differs = word ^ each(byte);
    // the sum stays within each byte, so that no byte tells of its neighbour
    !(differs.wrapping_add(each(0x7f)) | differs) & each(0x80)
}

fn rewrite(raw: &[u8], out: &mut Vec<u8>) -> Result<(), PathError> {
    out.clear();
    out.push(b'/');
    let mut rest = raw;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'?' | b'#' => break,
            b'/' | b'\\' => end_segment(out),
            b'%' => match escape(after) {
                Some((value, after_escape)) => {
                    rest = after_escape;
                    push_escaped(value, out)?;
                }
                None => out.extend_from_slice(b"%25"),
            },
            0..0x20 | 0x7f => return Err(PathError::Control),
            b' ' | 0x80.. => push_hex(byte, out),
            _ => out.push(byte),
        }
    }
    resolve_last(out);
    if out.len() > PATH_BYTES_MAX { Err(PathError::TooLong) } else { Ok(()) }
}

/// Ends the segment at the tail of `out` with one slash.
fn end_segment(out: &mut Vec<u8>) {
    resolve_last(out);
    if out.last() != Some(&b'/') {
        out.push(b'/');
    }
}

/// Applies a `.` or `..` at the tail of `out`, which leaves it ending in a slash.
fn resolve_last(out: &mut Vec<u8>) {
    if out.ends_with(b"/..") {
        out.truncate(out.len().saturating_sub(3));
        let parent =
            out.iter().rposition(|&byte| byte == b'/').map_or(0, |at| at.saturating_add(1));
        out.truncate(parent);
        if out.is_empty() {
            out.push(b'/');
        }
    } else if out.ends_with(b"/.") {
        out.truncate(out.len().saturating_sub(1));
    }
}

fn push_escaped(value: u8, out: &mut Vec<u8>) -> Result<(), PathError> {
    match value {
        0..0x20 | 0x7f => return Err(PathError::Control),
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(value),
        _ => push_hex(value, out),
    }
    Ok(())
}

fn push_hex(value: u8, out: &mut Vec<u8>) {
    let digit =
        |nibble: u8| if nibble < 10 { b'0' | nibble } else { (b'A' - 10).wrapping_add(nibble) };
    out.extend_from_slice(&[b'%', digit(value >> 4), digit(value & 15)]);
}

/// The byte that the two hex digits at the front of `after` stand for, and what follows them.
pub(crate) fn escape(after: &[u8]) -> Option<(u8, &[u8])> {
    let [high, low, rest @ ..] = after else { return None };
    Some((hex(*high)? << 4 | hex(*low)?, rest))
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit & 15),
        b'a'..=b'f' | b'A'..=b'F' => Some((digit & 7).wrapping_add(9)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use alloc::{string::String, vec};

    use proptest::prelude::*;

    use super::*;

    fn normal(raw: &str) -> Result<String, PathError> {
        let mut scratch = Vec::new();
        normalize(raw.as_bytes(), &mut scratch)
            .map(|path| String::from_utf8(path.to_vec()).unwrap())
    }

    #[test]
    fn hostile_spellings_meet_one_form() {
        for (raw, expected) in [
            ("", "/"),
            ("/", "/"),
            ("*", "/*"),
            ("/a/b", "/a/b"),
            ("/a/b/", "/a/b/"),
            ("//admin", "/admin"),
            ("/a//b///c", "/a/b/c"),
            ("/%61dmin", "/admin"),
            ("/a/%2e%2E/admin", "/admin"),
            ("/a/..%2fadmin", "/a/..%2Fadmin"),
            ("/a/../../../etc", "/etc"),
            ("/..", "/"),
            ("/a/..", "/"),
            ("/a/.", "/a/"),
            ("/./a", "/a"),
            ("/a/./b", "/a/b"),
            ("/.well-known/x", "/.well-known/x"),
            ("/a/...", "/a/..."),
            ("/..a/b", "/..a/b"),
            ("\\admin\\x", "/admin/x"),
            ("/%zz", "/%25zz"),
            ("/%", "/%25"),
            ("/%4", "/%254"),
            ("/%252e%252e/x", "/%252e%252e/x"),
            ("/%ff%fe", "/%FF%FE"),
            ("/caf\u{e9}", "/caf%C3%A9"),
            ("/a b", "/a%20b"),
            ("/a?b/../c", "/a"),
            ("/a#b", "/a"),
            ("a/b", "/a/b"),
        ] {
            assert_eq!(normal(raw).as_deref(), Ok(expected), "{raw}");
        }
    }

    #[test]
    fn control_bytes_and_endless_paths_are_refused() {
        for raw in ["/a%00", "/a\0", "/%0d%0a", "/\u{7f}", "/%7f"] {
            assert_eq!(normal(raw), Err(PathError::Control), "{raw:?}");
        }
        let long = "/".repeat(PATH_BYTES_MAX + 1);
        assert_eq!(normal(&long), Err(PathError::TooLong));
        let grows = "é".repeat(PATH_BYTES_MAX / 2);
        assert_eq!(normal(&grows), Err(PathError::TooLong));
    }

    proptest! {
        #[test]
        fn eight_bytes_at_a_time_say_what_one_says(
            path in prop::collection::vec(prop_oneof![
                4 => prop::sample::select(&b"/./.a~!?#%\\ \x00\x1f\x7f\x80\xff-0"[..]),
                9 => b'a'..=b'z',
                1 => any::<u8>(),
            ], 0..40),
        ) {
            let changes = |&byte: &u8| !(b'!'..=b'~').contains(&byte) || b"?#%\\".contains(&byte);
            let pairs = path.windows(2).any(|pair| matches!(pair, [b'/', b'/' | b'.']));
            let plain = path.first() == Some(&b'/') && !path.iter().any(changes) && !pairs;
            prop_assert_eq!(is_normal(&path), plain);
        }

        #[test]
        fn the_normal_form_is_its_own_normal_form(raw in "[/.%a-f0-9\\\\?é ]{0,40}") {
            if let Ok(once) = normal(&raw) {
                prop_assert_eq!(&normal(&once).unwrap(), &once);
                prop_assert!(once.starts_with('/'));
                let dots = ["/../", "/./", "//"];
                let kept = dots.iter().find(|d| once.contains(**d)).copied();
                prop_assert_eq!(kept, None);
            }
        }

        #[test]
        fn any_bytes_are_refused_or_brought_to_printable_ascii(raw in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut scratch = vec![];
            if let Ok(path) = normalize(&raw, &mut scratch) {
                prop_assert!(path.iter().all(|b| (0x21..0x7f).contains(b)));
            }
        }
    }
}
