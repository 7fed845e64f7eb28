//! How go-yaml quotes a string: what the text would mean without quotes, and which characters need them.

/// How a string is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// The style that v2 gives a string, which is a map's key or another value.
pub(super) fn style(s: &str, key: bool) -> Style {
    choose(s, key, &Analysis::of(s))
}

/// The style that v3 gives a string. It lets tabs stand in literal text, and nowhere else.
pub(super) fn style_of_v3(s: &str, key: bool) -> Style {
    if !s.contains('\t') {
        return style(s, key);
    }
    let a = Analysis::of(&s.replace('\t', "t"));
    choose(s, key, &Analysis { plain: false, single: false, ..a })
}

fn choose(s: &str, key: bool, a: &Analysis) -> Style {
    if s.contains('\n') {
        return if a.block && !key { Style::Literal } else { Style::Double };
    }
    if !is_string(s) || (key && a.multiline) {
        return Style::Double;
    }
    match (a.plain, a.single) {
        (true, _) => Style::Plain,
        (false, true) => Style::Single,
        (false, false) => Style::Double,
    }
}

struct Analysis {
    multiline: bool,
    plain: bool,
    single: bool,
    block: bool,
}

impl Analysis {
    fn of(s: &str) -> Self {
        let mut indicators = s.starts_with("---") || s.starts_with("...");
        let (mut breaks, mut special) = (false, false);
        let (mut break_space, mut space_break) = (false, false);
        let (mut previous_space, mut previous_break, mut after_blank) = (false, false, true);
        let mut chars = s.chars().enumerate().peekable();
        while let Some((i, c)) = chars.next() {
            let before_blank = chars.peek().is_none_or(|(_, c)| matches!(c, ' ' | '\t'));
            indicators |= match c {
                ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => i == 0,
                '#' => i == 0 || after_blank,
                '?' | '-' => i == 0 && before_blank,
                ':' => before_blank,
                _ => false,
            };
            special |= !is_printable(c);
            breaks |= is_break(c);
            break_space |= c == ' ' && previous_break;
            space_break |= is_break(c) && previous_space;
            (previous_space, previous_break) = (c == ' ', is_break(c));
            after_blank = matches!(c, ' ' | '\t') || is_break(c) || c == '\0';
        }
        let white = |c: Option<char>| c.is_some_and(|c| c == ' ' || is_break(c));
        let edge = white(s.chars().next()) || white(s.chars().next_back());
        let odd = space_break || special;
        Self {
            multiline: breaks,
            plain: !(indicators || breaks || edge || break_space || odd),
            single: !(break_space || odd),
            block: !(s.is_empty() || s.ends_with(' ') || odd),
        }
    }
}

/// go-yaml takes characters beyond the basic plane for unprintable.
pub(super) fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a text without quotes would be read as a string.
fn is_string(s: &str) -> bool {
    const WORDS: [&str; 33] = [
        "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", "n", "N", "no", "No", "NO", "false",
        "False", "FALSE", "off", "Off", "OFF", "~", "null", "Null", "NULL", ".nan", ".NaN", ".NAN", ".inf", ".Inf",
        ".INF", "<<",
    ];
    let unsigned = s.strip_prefix(['+', '-']).unwrap_or(s);
    match s.as_bytes().first() {
        None => false,
        // The table of first characters that can start something else has no `<`; the merge key is a string.
        Some(b'<') => true,
        Some(b'.') => !WORDS.contains(&s) && !s.parse::<f64>().is_ok_and(f64::is_finite),
        Some(b'+' | b'-' | b'0'..=b'9') => {
            let plain = s.replace('_', "");
            !(is_timestamp(s)
                || is_int(&plain)
                || is_float(&plain)
                || is_base_60(s)
                || matches!(unsigned, ".inf" | ".Inf" | ".INF") && unsigned.len() < s.len())
        }
        Some(_) => !WORDS.contains(&s),
    }
}

/// Go: strconv.ParseInt and ParseUint with base 0.
fn is_int(s: &str) -> bool {
    let negative = s.starts_with('-');
    let signed = s.starts_with(['+', '-']);
    let digits = if signed { s.get(1..).unwrap_or_default() } else { s };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, digits.get(2..)),
        [b'0', b'o' | b'O', ..] => (8, digits.get(2..)),
        [b'0', b'b' | b'B', ..] => (2, digits.get(2..)),
        [b'0', _, ..] => (8, digits.get(1..)),
        _ => (10, Some(digits)),
    };
    let digits = digits.unwrap_or_default();
    let limit = match (negative, signed) {
        (true, _) => 1 << 63,
        (false, true) => (1 << 63) - 1,
        (false, false) => u128::from(u64::MAX),
    };
    !digits.starts_with('+') && u128::from_str_radix(digits, radix).is_ok_and(|n| n <= limit)
}

/// go-yaml: `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_float(s: &str) -> bool {
    let body = s.strip_prefix(['+', '-']).unwrap_or(s);
    body.starts_with(|c: char| c.is_ascii_digit() || c == '.') && body.parse::<f64>().is_ok_and(f64::is_finite)
}

/// go-yaml: `^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$`
fn is_base_60(s: &str) -> bool {
    let body = s.strip_prefix(['+', '-']).unwrap_or(s);
    let (body, fraction) = body.split_once('.').unwrap_or((body, ""));
    let number = |s: &str| s.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let mut parts = body.split(':');
    let first = parts.next().unwrap_or_default();
    let sixty = |p: &str| match p.as_bytes() {
        [d] => d.is_ascii_digit(),
        [t, d] => matches!(t, b'0'..=b'5') && d.is_ascii_digit(),
        _ => false,
    };
    first.starts_with(|c: char| c.is_ascii_digit()) && number(first) && number(fraction) && body.contains(':') && {
        parts.all(sixty)
    }
}

/// Whether go-yaml reads a timestamp: a date, or a date and a time.
fn is_timestamp(s: &str) -> bool {
    let end = s.find(|c: char| !(c.is_ascii_digit() || c == '-')).unwrap_or(s.len());
    let (date, time) = s.split_at(end);
    let small = |p: &str| (1..=2).contains(&p.len()).then(|| p.parse::<u32>().ok()).flatten();
    let parts: Vec<&str> = date.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let (Some(month), Some(day)) = (small(month), small(day)) else { return false };
    let leap =
        year.parse::<u32>().is_ok_and(|y| y.is_multiple_of(4) && (!y.is_multiple_of(100) || y.is_multiple_of(400)));
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    if year.len() != 4 || day == 0 || day > days {
        return false;
    }
    let Some(rest) = time.strip_prefix(['T', 't', ' ']) else { return time.is_empty() };
    // With `T` there is a time zone, with a space there is none.
    let clock = if time.starts_with(' ') {
        rest
    } else if let Some(clock) = rest.strip_suffix('Z') {
        clock
    } else {
        let Some((clock, zone)) = rest.rsplit_once(['+', '-']) else { return false };
        match zone.split_once(':') {
            Some((h, m)) if h.len() == 2 && m.len() == 2 && small(h).is_some() && small(m).is_some() => clock,
            _ => return false,
        }
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let hms: Option<Vec<u32>> = clock.split(':').map(small).collect();
    let whole = matches!(hms.as_deref(), Some([0..=23, 0..=59, 0..=59]));
    whole && !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_something_else_is_no_string() {
        let others = [
            "",
            "~",
            "yes",
            "No",
            "1",
            "-0x1F",
            "0o7",
            "017",
            "08",
            "1_000",
            "1e3",
            "1.",
            ".5",
            "+.inf",
            "-.INF",
            ".nan",
            "190:20:30",
            "2001-01-01",
            "2001-1-2",
            "2001-12-14 21:59:43.10",
            "2001-12-14T21:59:43Z",
            "18446744073709551615",
            "99999999999999999999",
        ];
        for s in others {
            assert!(!is_string(s), "{s}");
        }
        let strings = [
            "a",
            "yess",
            "1a",
            "0x",
            "0xg",
            "+",
            "-",
            ".",
            "..",
            "1e999",
            "2001-13-01",
            "2001-02-30",
            "1.2.3",
            "::1",
            "<<",
            "+.nan",
            "2001-12-14T21:59:43",
        ];
        for s in strings {
            assert!(is_string(s), "{s}");
        }
    }

    #[test]
    fn styles() {
        for s in ["a b", "a#b", "a-b", "-a", "?a", ":a", "it's", "a, b"] {
            assert_eq!(style(s, false), Style::Plain, "{s}");
        }
        for s in ["- a", "a #b", "a:", "a: b", "'a'", "{a", "*", "@a", " a", "a ", "--- a", "%a"] {
            assert_eq!(style(s, false), Style::Single, "{s}");
        }
        for s in ["a\tb", "\u{1F600}", "a\u{feff}", "\r", "1"] {
            assert_eq!(style(s, false), Style::Double, "{s:?}");
        }
        assert_eq!((style("a\nb", false), style("a\nb", true)), (Style::Literal, Style::Double));
        assert_eq!(style("a \nb", false), Style::Double);
    }
}
