//! `!!binary`: base64 to the text that Go's JSON would hold.

/// Go's `base64.StdEncoding`, then `json.Marshal`: line breaks are skipped, and each byte that is no UTF-8 becomes
/// U+FFFD. `None` where Go gives an error.
pub fn decode(text: &str) -> Option<String> {
    let bytes = base64(text)?;
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Some(out)
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let mut quantum = [0_u8; 4];
    let mut filled = 0;
    let mut padding = 0;
    for byte in text.bytes().filter(|b| !matches!(b, b'\n' | b'\r')) {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' if filled >= 2 => {
                padding += 1;
                0
            }
            _ => return None,
        };
        // Nothing may follow the padding but more of it, and nothing a padded quantum.
        if padding > 2 || (padding > 0 && byte != b'=') {
            return None;
        }
        *quantum.get_mut(filled)? = digit;
        filled += 1;
        if filled == 4 {
            let [a, b, c, d] = quantum;
            let group = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
            out.extend(group.iter().take(3 - padding));
            filled = 0;
        }
    }
    (filled == 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn as_go() {
        assert_eq!(decode("aGVsbG8=").as_deref(), Some("hello"));
        assert_eq!(decode("aGVs\nbG8h\n").as_deref(), Some("hello!"));
        assert_eq!(decode("").as_deref(), Some(""));
        assert_eq!(decode("/w==").as_deref(), Some("\u{fffd}"));
        for bad in ["!!", "a", "aGVsbG8", "=", "aG=s", "aGVsbG8=aGVs", "aA===", "aA==="] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
