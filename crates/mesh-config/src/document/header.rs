//! Header names and values.

use crate::{
    decode::{ParseError, text},
    diagnostic::Code,
    limits::{TEXT_BYTES_MAX, VALUE_BYTES_MAX},
};

text! {
    /// The name of a header, in any case.
    pub struct HeaderName is "the name of a header", checked by name,
        pattern "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,255}$";
}

text! {
    /// The value of a header.
    pub struct HeaderValue is "the value of a header", checked by value,
        pattern "^[^\\u0000-\\u0008\\u000a-\\u001f\\u007f]{0,4096}$";
}

/// True for the bytes of a token (RFC 9110 §5.6.2).
pub(super) const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

fn name(text: &str) -> Result<String, ParseError> {
    if !text.is_empty() && text.len() <= TEXT_BYTES_MAX && text.bytes().all(is_token_byte) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(ParseError::new(
        Code::InvalidHeader,
        "a header name: 1 to 255 letters, digits and any of !#$%&'*+-.^_`|~",
    ))
}

fn value(text: &str) -> Result<String, ParseError> {
    let allowed = |c: char| c == '\t' || !c.is_control();
    if text.len() <= VALUE_BYTES_MAX && text.chars().all(allowed) {
        return Ok(text.trim_matches([' ', '\t']).to_owned());
    }
    Err(ParseError::new(
        Code::InvalidHeader,
        "a header value: no control characters, at most 4096 bytes",
    ))
}
