//! What is wrong with an IPv6 address, in the words of Go's net/netip.

use super::url::quote;

/// The complaint about an address; none where it is one, with or without a zone.
///
/// Go: netip.ParseAddr and parseIPv6.
pub(super) fn complaint(address: &str) -> Option<String> {
    let told = |(message, at): Told<'_>| {
        let at = if at.is_empty() { String::new() } else { format!(" (at {})", quote(at)) };
        format!("ParseAddr({}): {message}{at}", quote(address))
    };
    let Some(first) = address.find(['.', ':', '%']) else { return Some(told(("unable to parse IP", ""))) };
    match address.as_bytes().get(first) {
        Some(b'%') => Some(told(("missing IPv6 address", ""))),
        Some(b'.') => v4(address).err().map(told),
        _ => v6(address).err().map(told),
    }
}

/// A message, and what of the address is left where it is about something in it.
type Told<'a> = (&'static str, &'a str);

fn v4(text: &str) -> Result<(), Told<'_>> {
    let (mut value, mut digits, mut fields) = (0, 0, 0);
    for (i, c) in text.char_indices() {
        let rest = text.get(i..).unwrap_or_default();
        if let Some(digit) = c.to_digit(10) {
            if digits == 1 && value == 0 {
                return Err(("IPv4 field has octet with leading zero", ""));
            }
            value = value * 10 + digit;
            digits += 1;
            if value > 255 {
                return Err(("IPv4 field has value >255", ""));
            }
        } else if c == '.' {
            if digits == 0 || rest == "." {
                return Err(("IPv4 field must have at least one digit", rest));
            }
            if fields == 3 {
                return Err(("IPv4 address too long", ""));
            }
            fields += 1;
            (value, digits) = (0, 0);
        } else {
            return Err(("unexpected character", rest));
        }
    }
    if fields < 3 { Err(("IPv4 address too short", "")) } else { Ok(()) }
}

fn v6(text: &str) -> Result<(), Told<'_>> {
    let mut rest = match text.split_once('%') {
        Some((_, "")) => return Err(("zone must be a non-empty string", "")),
        Some((address, _)) => address,
        None => text,
    };
    let mut ellipsis = None;
    if let Some(after) = rest.strip_prefix("::") {
        ellipsis = Some(0);
        rest = after;
        if rest.is_empty() {
            return Ok(());
        }
    }
    let mut bytes = 0;
    while bytes < 16 {
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        if digits > 4 {
            return Err(("each group must have 4 or less digits", rest));
        }
        if digits == 0 {
            return Err(("each colon-separated field must have at least one digit", rest));
        }
        let after = rest.get(digits..).unwrap_or_default();
        if after.starts_with('.') {
            if ellipsis.is_none() && bytes != 12 {
                return Err(("embedded IPv4 address must replace the final 2 fields of the address", rest));
            }
            if bytes + 4 > 16 {
                let message = "too many hex fields to fit an embedded IPv4 at the end of the address";
                return Err((message, rest));
            }
            v4(rest)?;
            rest = "";
            bytes += 4;
            break;
        }
        bytes += 2;
        rest = after;
        if rest.is_empty() {
            break;
        }
        let Some(after) = rest.strip_prefix(':') else { return Err(("unexpected character, want colon", rest)) };
        if after.is_empty() {
            return Err(("colon must be followed by more characters", rest));
        }
        rest = after;
        if let Some(after) = rest.strip_prefix(':') {
            if ellipsis.is_some() {
                return Err(("multiple :: in address", rest));
            }
            ellipsis = Some(bytes);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
    }
    match (rest, ellipsis) {
        ("", None) if bytes < 16 => Err(("address string too short", "")),
        ("", Some(_)) if bytes == 16 => Err(("the :: must expand to at least one field of zeros", "")),
        ("", _) => Ok(()),
        _ => Err(("trailing garbage after address", rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::complaint;

    #[test]
    fn complaints() {
        for (address, about) in [
            ("fd00:1", "address string too short"),
            ("fe80:1:", "colon must be followed by more characters (at \":\")"),
            ("fd00::x", "each colon-separated field must have at least one digit (at \"x\")"),
            ("::ffff10.0.0.1", "each group must have 4 or less digits (at \"ffff10.0.0.1\")"),
            ("::ffff:1.00.0.1", "IPv4 field has octet with leading zero"),
            ("1.2.3", "IPv4 address too short"),
            ("::1%", "zone must be a non-empty string"),
            ("abc", "unable to parse IP"),
            ("1::2::3", "multiple :: in address (at \":3\")"),
            ("1:2:3:4:5:6:7:8:9", "trailing garbage after address (at \"9\")"),
        ] {
            assert_eq!(complaint(address), Some(format!("ParseAddr(\"{address}\"): {about}")));
        }
        for address in ["::", "::1", "fe80::1%eth0", "1:2:3:4:5:6:7:8", "::ffff:10.0.0.1", "10.0.0.1"] {
            assert_eq!(complaint(address), None, "{address}");
        }
    }
}
