//! Escapes in JSON strings.

use super::JsonErrorKind;

/// Resolves the escapes of a string, piece by piece. A surrogate without its pair becomes U+FFFD, as in Go.
pub(super) fn unescape(text: &str, mut piece: impl FnMut(&str)) -> Result<(), JsonErrorKind> {
    let mut rest = text;
    while let Some(i) = memchr::memchr(b'\\', rest.as_bytes()) {
        let (before, after) = rest.split_at(i);
        piece(before);
        let escape = after.as_bytes().get(1).copied().ok_or(JsonErrorKind::Escape)?;
        let mut used = 2;
        match escape {
            b'"' => piece("\""),
            b'\\' => piece("\\"),
            b'/' => piece("/"),
            b'b' => piece("\u{8}"),
            b'f' => piece("\u{c}"),
            b'n' => piece("\n"),
            b'r' => piece("\r"),
            b't' => piece("\t"),
            b'u' => {
                let unit = hex4(after, 2)?;
                used = 6;
                let low = match unit {
                    0xd800..=0xdbff => after.get(6..8).filter(|s| *s == "\\u").and_then(|_| hex4(after, 8).ok()),
                    _ => None,
                };
                let c = match low {
                    Some(low @ 0xdc00..=0xdfff) => {
                        used = 12;
                        char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00))
                    }
                    _ => char::from_u32(unit),
                };
                piece(c.unwrap_or('\u{fffd}').encode_utf8(&mut [0; 4]));
            }
            _ => return Err(JsonErrorKind::Escape),
        }
        rest = after.get(used..).ok_or(JsonErrorKind::Escape)?;
    }
    piece(rest);
    Ok(())
}

fn hex4(text: &str, at: usize) -> Result<u32, JsonErrorKind> {
    let digits = text.get(at..at + 4).filter(|s| s.bytes().all(|b| b.is_ascii_hexdigit()));
    digits.and_then(|s| u32::from_str_radix(s, 16).ok()).ok_or(JsonErrorKind::Escape)
}
