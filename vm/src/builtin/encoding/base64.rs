//! Base 64 in the standard alphabet, as Go's encoding/base64 reads and writes it.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes as base 64, padded.
pub fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |i: usize| chunk.get(i).copied().map_or(0, u32::from);
        let value = at(0) << 16 | at(1) << 8 | at(2);
        for i in 0..4 {
            let index = (value >> (18 - 6 * i)) as usize & 63;
            let symbol = ALPHABET.get(index).copied().unwrap_or(b'=');
            out.push(if i <= chunk.len() { char::from(symbol) } else { '=' });
        }
    }
    out
}

fn value(symbol: u8) -> Option<u32> {
    Some(u32::from(match symbol {
        b'A'..=b'Z' => symbol - b'A',
        b'a'..=b'z' => symbol - b'a' + 26,
        b'0'..=b'9' => symbol - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

/// The bytes that a text encodes; line breaks are skipped.
///
/// # Errors
/// The position that Go complains about.
pub fn decode(text: &[u8]) -> Result<Vec<u8>, usize> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    // Symbols of the current four, and their bits.
    let (mut have, mut bits) = (0, 0);
    let mut at = 0;
    while let Some(&symbol) = text.get(at) {
        at += 1;
        if let Some(value) = value(symbol) {
            bits = bits << 6 | value;
            have += 1;
            if have == 4 {
                out.extend_from_slice(&[(bits >> 16) as u8, (bits >> 8) as u8, bits as u8]);
                (have, bits) = (0, 0);
            }
        } else if !is_break(symbol) {
            if symbol != b'=' || have < 2 {
                return Err(at - 1);
            }
            if have == 2 {
                at = skip_breaks(text, at);
                match text.get(at) {
                    None => return Err(text.len()),
                    Some(b'=') => at += 1,
                    Some(_) => return Err(at - 1),
                }
                out.push((bits >> 4) as u8);
            } else {
                out.extend_from_slice(&[(bits >> 10) as u8, (bits >> 2) as u8]);
            }
            at = skip_breaks(text, at);
            return if at < text.len() { Err(at) } else { Ok(out) };
        }
    }
    if have > 0 { Err(at - have) } else { Ok(out) }
}

fn is_break(symbol: u8) -> bool {
    matches!(symbol, b'\n' | b'\r')
}

fn skip_breaks(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|b| is_break(**b)).count()
}
