//! What a YAML scalar means: go.yaml.in/yaml/v2 `resolve.go`, then the numbers as sigs.k8s.io/yaml hands them on.
//!
//! That library turns YAML into JSON text, which Kubernetes reads back. `1.0` and `1e3` so become int64, an integer that
//! does not fit int64 becomes float64, and a map key is always text.

use super::binary;
use kyvc_vm::scalar::number;
use std::borrow::Cow;

/// A scalar as yaml.v2 resolves it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Resolved<'s> {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer above the largest int64.
    Uint(u64),
    Float(f64),
    Str(Cow<'s, str>),
}

impl Resolved<'_> {
    pub(super) fn into_owned(self) -> Resolved<'static> {
        match self {
            Resolved::Null => Resolved::Null,
            Resolved::Bool(b) => Resolved::Bool(b),
            Resolved::Int(n) => Resolved::Int(n),
            Resolved::Uint(n) => Resolved::Uint(n),
            Resolved::Float(n) => Resolved::Float(n),
            Resolved::Str(s) => Resolved::Str(Cow::Owned(s.into_owned())),
        }
    }

    fn tag(&self) -> &'static str {
        match self {
            Self::Null => "!!null",
            Self::Bool(_) => "!!bool",
            Self::Int(_) | Self::Uint(_) => "!!int",
            Self::Float(_) => "!!float",
            Self::Str(_) => "!!str",
        }
    }
}

/// Why a scalar has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScalarError {
    /// The text is of this kind, its tag of another.
    Mismatch(&'static str),
    Base64,
}

/// A float64 after the way through JSON text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
    NotFinite,
}

/// What Kubernetes makes of a float64 that was printed as JSON.
pub(super) fn through_json(value: f64) -> Number {
    match number::whole_text(value) {
        Some(value) => Number::Int(value),
        None if value.is_finite() => Number::Float(value),
        None => Number::NotFinite,
    }
}

/// The text of a map key; `None` where JSON cannot have it.
pub(super) fn key_text<'r>(key: &'r Resolved<'_>) -> Option<Cow<'r, str>> {
    Some(match key {
        Resolved::Str(s) => Cow::Borrowed(s),
        Resolved::Bool(b) => Cow::Borrowed(if *b { "true" } else { "false" }),
        Resolved::Int(n) => Cow::Owned(n.to_string()),
        Resolved::Float(n) => Cow::Owned(float_key(*n)),
        Resolved::Null | Resolved::Uint(_) => return None,
    })
}

/// `strconv.FormatFloat(n, 'g', -1, 32)` with YAML's words: sigs.k8s.io/yaml `yaml.go`, which rounds to 32 bits.
fn float_key(n: f64) -> String {
    let n = n as f32;
    if n.is_nan() {
        return ".nan".to_owned();
    }
    if n.is_infinite() {
        return if n > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{n:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(e) if !(-4..6).contains(&e) => {
            format!("{digits}e{}{:02}", if e < 0 { '-' } else { '+' }, e.unsigned_abs())
        }
        _ => n.to_string(),
    }
}

/// Resolves a scalar. `tag` is the full tag, empty for none; `plain` says that it is not quoted.
#[inline]
pub(super) fn resolve<'s>(tag: &str, plain: bool, text: Cow<'s, str>) -> Result<Resolved<'s>, ScalarError> {
    if tag.is_empty() { Ok(untagged(plain, text)) } else { tagged(tag, text) }
}

/// The same for a scalar without a tag.
#[inline]
pub(super) fn untagged(plain: bool, text: Cow<'_, str>) -> Resolved<'_> {
    if plain { implicit(text) } else { Resolved::Str(text) }
}

#[cold]
fn tagged<'s>(tag: &str, text: Cow<'s, str>) -> Result<Resolved<'s>, ScalarError> {
    let Some(short) = tag.strip_prefix("tag:yaml.org,2002:") else { return Ok(Resolved::Str(text)) };
    if short == "timestamp" {
        // Kyverno: yaml.v2 decode.go keeps a timestamp's text.
        let valid = super::timestamp::is_timestamp(&text);
        return if valid { Ok(Resolved::Str(text)) } else { Err(ScalarError::Mismatch(implicit(text).tag())) };
    }
    if short == "binary" {
        return binary::decode(&text).map(|s| Resolved::Str(Cow::Owned(s))).ok_or(ScalarError::Base64);
    }
    if !matches!(short, "bool" | "int" | "float" | "null") {
        return Ok(Resolved::Str(text));
    }
    match (short, implicit(text)) {
        ("bool", v @ Resolved::Bool(_))
        | ("int", v @ (Resolved::Int(_) | Resolved::Uint(_)))
        | ("float", v @ Resolved::Float(_))
        | ("null", v @ Resolved::Null) => Ok(v),
        ("float", Resolved::Int(n)) => Ok(Resolved::Float(n as f64)),
        (_, v) => Err(ScalarError::Mismatch(v.tag())),
    }
}

/// Resolves a plain scalar without a tag.
#[inline]
fn implicit(text: Cow<'_, str>) -> Resolved<'_> {
    let Some(&first) = text.as_bytes().first() else { return Resolved::Null };
    let found = match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => word(&text),
        b'0'..=b'9' | b'+' | b'-' | b'.' => numeric(&text),
        _ => None,
    };
    found.unwrap_or(Resolved::Str(text))
}

fn word(text: &str) -> Option<Resolved<'static>> {
    // As bytes, so that the compiler looks at each one once: most texts that get here are no such word.
    Some(match text.as_bytes() {
        [b'y' | b'Y']
        | [b'y' | b'Y', b'e', b's']
        | [b'Y', b'E', b'S']
        | [b't' | b'T', b'r', b'u', b'e']
        | [b'T', b'R', b'U', b'E']
        | [b'o' | b'O', b'n']
        | [b'O', b'N'] => Resolved::Bool(true),
        [b'n' | b'N']
        | [b'n' | b'N', b'o']
        | [b'N', b'O']
        | [b'f' | b'F', b'a', b'l', b's', b'e']
        | [b'F', b'A', b'L', b'S', b'E']
        | [b'o' | b'O', b'f', b'f']
        | [b'O', b'F', b'F'] => Resolved::Bool(false),
        [b'~'] | [b'n' | b'N', b'u', b'l', b'l'] | [b'N', b'U', b'L', b'L'] => Resolved::Null,
        _ => return None,
    })
}

fn numeric(text: &str) -> Option<Resolved<'static>> {
    match text {
        ".nan" | ".NaN" | ".NAN" => return Some(Resolved::Float(f64::NAN)),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Some(Resolved::Float(f64::INFINITY)),
        "-.inf" | "-.Inf" | "-.INF" => return Some(Resolved::Float(f64::NEG_INFINITY)),
        _ => {}
    }
    // Most values that start with a digit or a sign are no numbers: images, versions, flags, times.
    if text.bytes().any(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.' | b'_'))) {
        return None;
    }
    if text.starts_with('.') {
        // Go's own floats here: digits may be separated by `_`.
        return number::parse_float(text).map(Resolved::Float);
    }
    // Kyverno: yaml.v2 resolve.go drops every underscore, wherever it stands.
    let plain = if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) };
    let plain = &*plain;
    let (negative, unsigned) = match plain.as_bytes().first() {
        Some(b'-') => (true, plain.get(1..)?),
        Some(b'+') => (false, plain.get(1..)?),
        _ => (false, plain),
    };
    if let Some(n) = integer(negative, unsigned, plain.starts_with('+')) {
        return Some(n);
    }
    if let Some(n) = decimal_float(plain) {
        return Some(Resolved::Float(n));
    }
    // Kyverno: yaml.v2 parses the digits after `0b` once more, with a sign of their own.
    let binary = plain.strip_prefix("0b").filter(|digits| digits.starts_with(['+', '-']))?;
    i64::from_str_radix(binary, 2).ok().map(Resolved::Int)
}

/// `strconv.ParseInt(text, 0, 64)`, then `ParseUint`, which takes no sign.
fn integer(negative: bool, unsigned: &str, plus: bool) -> Option<Resolved<'static>> {
    let (digits, radix) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (unsigned.get(2..)?, 16),
        [b'0', b'o' | b'O', ..] => (unsigned.get(2..)?, 8),
        [b'0', b'b' | b'B', ..] => (unsigned.get(2..)?, 2),
        [b'0', _, ..] => (unsigned.get(1..)?, 8),
        _ => (unsigned, 10),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let n = u64::from_str_radix(digits, radix).ok()?;
    match (negative, i64::try_from(n)) {
        (false, Ok(n)) => Some(Resolved::Int(n)),
        (true, _) => 0_i64.checked_sub_unsigned(n).map(Resolved::Int),
        (false, Err(_)) if !plus => Some(Resolved::Uint(n)),
        // `0b` is tried once more without its sign's place: only `+0b..` of 64 bits differs, and stays a string.
        (false, Err(_)) => None,
    }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`, and in float64's range.
fn decimal_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((m, e)) => (m, Some(e.strip_prefix(['-', '+']).unwrap_or(e))),
        None => (unsigned, None),
    };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let shape = digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    if !shape || exponent.is_some_and(|e| e.is_empty() || !digits(e)) {
        return None;
    }
    text.parse::<f64>().ok().filter(|n| n.is_finite())
}
