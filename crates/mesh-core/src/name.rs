//! What names and words may be, wherever they come from: documents, registrations.

/// True for a lowercase DNS label: letters, digits and `-`, not at either end, 1 to 63 characters.
#[must_use]
pub fn is_label(text: &str) -> bool {
    let edge = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= 63
        && text.bytes().next().is_some_and(edge)
        && text.bytes().last().is_some_and(edge)
        && text.bytes().all(|byte| edge(byte) || byte == b'-')
}

/// True for 1 to `bytes_max` visible ASCII characters without spaces.
#[must_use]
pub fn is_word(text: &str, bytes_max: usize) -> bool {
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    !text.is_empty() && text.len() <= bytes_max && visible
}
