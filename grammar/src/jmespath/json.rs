//! Just enough of Go's JSON reader: is this text JSON, and if not, what does Go say about it?
//!
//! Kyverno: encoding/json/scanner.go; the texts are its own. Like Go it complains byte by byte, so a byte of a
//! multi-byte character is shown as the Latin-1 character with its number.

#[derive(Clone, Copy, PartialEq)]
enum State {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    AfterValue,
    Text,
    Escape,
    /// This many hexadecimal digits are still to come.
    Hex(u8),
    Minus,
    Zero,
    Digits,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
    /// The rest of a word, and the word.
    Word(&'static str, &'static str),
}

#[derive(Clone, Copy, PartialEq)]
enum Inside {
    Key,
    Member,
    List,
}

/// Checks that the text is one JSON value; the error is Go's text. Lists and maps may be nested to this depth.
pub(super) fn check(text: &str, depth: usize) -> Result<(), String> {
    let mut scanner = Scanner { state: State::Value, inside: Vec::new(), depth };
    let mut number: Option<usize> = None;
    let mut range = Ok(());
    // Go feeds a space at the end to learn whether a number or a word was complete.
    for (at, byte) in text.bytes().chain([b' ']).enumerate() {
        scanner.step(byte)?;
        match (scanner.in_number(), number) {
            (true, None) => number = Some(at),
            (false, Some(start)) => {
                number = None;
                let digits = text.get(start..at).unwrap_or_default();
                if range.is_ok() && digits.parse::<f64>().is_ok_and(f64::is_infinite) {
                    range = Err(format!("json: cannot unmarshal number {digits} into Go value of type float64"));
                }
            }
            _ => {}
        }
    }
    if scanner.state != State::AfterValue || !scanner.inside.is_empty() {
        return Err("unexpected end of JSON input".to_owned());
    }
    range
}

struct Scanner {
    state: State,
    inside: Vec<Inside>,
    depth: usize,
}

impl Scanner {
    fn in_number(&self) -> bool {
        use State::{Digits, Exponent, ExponentDigits, ExponentSign, Fraction, Minus, Point, Zero};
        matches!(self.state, Minus | Zero | Digits | Point | Fraction | Exponent | ExponentSign | ExponentDigits)
    }

    fn step(&mut self, byte: u8) -> Result<(), String> {
        let space = matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        self.state = match self.state {
            State::Value | State::ValueOrEnd | State::Key | State::KeyOrEnd if space => self.state,
            State::ValueOrEnd if byte == b']' => return self.after_value(byte, space),
            State::Value | State::ValueOrEnd => return self.value(byte),
            State::KeyOrEnd if byte == b'}' => {
                if let Some(top) = self.inside.last_mut() {
                    *top = Inside::Member;
                }
                return self.after_value(byte, space);
            }
            State::Key | State::KeyOrEnd if byte == b'"' => State::Text,
            State::Key | State::KeyOrEnd => return refuse(byte, "looking for beginning of object key string"),
            State::AfterValue => return self.after_value(byte, space),
            State::Text => match byte {
                b'"' => State::AfterValue,
                b'\\' => State::Escape,
                0..=0x1f => return refuse(byte, "in string literal"),
                _ => State::Text,
            },
            State::Escape => match byte {
                b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => State::Text,
                b'u' => State::Hex(4),
                _ => return refuse(byte, "in string escape code"),
            },
            State::Hex(left) if byte.is_ascii_hexdigit() => {
                if left > 1 {
                    State::Hex(left - 1)
                } else {
                    State::Text
                }
            }
            State::Hex(_) => return refuse(byte, "in \\u hexadecimal character escape"),
            State::Minus => match byte {
                b'0' => State::Zero,
                b'1'..=b'9' => State::Digits,
                _ => return refuse(byte, "in numeric literal"),
            },
            State::Digits | State::Fraction | State::ExponentDigits if byte.is_ascii_digit() => self.state,
            State::Zero | State::Digits if byte == b'.' => State::Point,
            State::Zero | State::Digits | State::Fraction if matches!(byte, b'e' | b'E') => State::Exponent,
            State::Zero | State::Digits | State::Fraction | State::ExponentDigits => {
                return self.after_value(byte, space);
            }
            State::Point if byte.is_ascii_digit() => State::Fraction,
            State::Point => return refuse(byte, "after decimal point in numeric literal"),
            State::Exponent if matches!(byte, b'+' | b'-') => State::ExponentSign,
            State::Exponent | State::ExponentSign if byte.is_ascii_digit() => State::ExponentDigits,
            State::Exponent | State::ExponentSign => return refuse(byte, "in exponent of numeric literal"),
            State::Word(rest, word) => match rest.split_at_checked(1) {
                Some((next, rest)) if next.as_bytes() == [byte] => {
                    if rest.is_empty() {
                        State::AfterValue
                    } else {
                        State::Word(rest, word)
                    }
                }
                _ => {
                    let next = rest.get(..1).unwrap_or_default();
                    return refuse(byte, &format!("in literal {word} (expecting '{next}')"));
                }
            },
        };
        Ok(())
    }

    fn value(&mut self, byte: u8) -> Result<(), String> {
        self.state = match byte {
            b'{' => self.open(Inside::Key, State::KeyOrEnd)?,
            b'[' => self.open(Inside::List, State::ValueOrEnd)?,
            b'"' => State::Text,
            b'-' => State::Minus,
            b'0' => State::Zero,
            b'1'..=b'9' => State::Digits,
            b't' => State::Word("rue", "true"),
            b'f' => State::Word("alse", "false"),
            b'n' => State::Word("ull", "null"),
            _ => return refuse(byte, "looking for beginning of value"),
        };
        Ok(())
    }

    fn open(&mut self, inside: Inside, state: State) -> Result<State, String> {
        if self.inside.len() >= self.depth {
            return Err("exceeded max depth".to_owned());
        }
        self.inside.push(inside);
        Ok(state)
    }

    fn after_value(&mut self, byte: u8, space: bool) -> Result<(), String> {
        self.state = State::AfterValue;
        if space {
            return Ok(());
        }
        match (self.inside.last_mut(), byte) {
            (Some(top @ Inside::Key), b':') => {
                *top = Inside::Member;
                self.state = State::Value;
            }
            (Some(top @ Inside::Member), b',') => {
                *top = Inside::Key;
                self.state = State::Key;
            }
            (Some(Inside::List), b',') => self.state = State::Value,
            (Some(Inside::Member), b'}') | (Some(Inside::List), b']') => {
                self.inside.pop();
            }
            (Some(Inside::Key), _) => return refuse(byte, "after object key"),
            (Some(Inside::Member), _) => return refuse(byte, "after object key:value pair"),
            (Some(Inside::List), _) => return refuse(byte, "after array element"),
            (None, _) => return refuse(byte, "after top-level value"),
        }
        Ok(())
    }
}

fn refuse(byte: u8, context: &str) -> Result<(), String> {
    let shown = match byte {
        b'\'' => "\\'".to_owned(),
        b'"' => "\"".to_owned(),
        // Go takes the byte for a character; of Latin-1's upper half these do not print.
        0xa0 | 0xad => format!("\\u{byte:04x}"),
        _ => super::quote::character(char::from(byte)),
    };
    Err(format!("invalid character '{shown}' {context}"))
}

/// Decodes the inside of a JSON string that [`check`] has accepted.
pub(super) fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, escaped)) = rest.split_once('\\') {
        out.push_str(plain);
        let mut chars = escaped.chars();
        match chars.next() {
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('u') => {
                let (decoded, after) = decode_unicode(chars.as_str());
                out.push(decoded);
                rest = after;
                continue;
            }
            Some(other) => out.push(other),
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out
}

/// The character whose number starts the text, two surrogates together; a lone one becomes U+FFFD as in Go.
fn decode_unicode(text: &str) -> (char, &str) {
    let unit = |text: &str| u32::from_str_radix(text.get(..4)?, 16).ok();
    let after = text.get(4..).unwrap_or_default();
    let Some(high) = unit(text) else { return (char::REPLACEMENT_CHARACTER, after) };
    if let Some(rest) = after.strip_prefix("\\u")
        && let Some(low @ 0xdc00..0xe000) = unit(rest)
        && (0xd800..0xdc00).contains(&high)
    {
        let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        let rest = rest.get(4..).unwrap_or_default();
        return (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), rest);
    }
    (char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), after)
}
