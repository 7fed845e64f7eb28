//! Go's layouts: texts in which parts of a certain reference time stand for the parts of any time.

/// A part of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    LongMonth,
    Month,
    /// In digits; `fixed` for exactly two.
    MonthNumber {
        fixed: bool,
    },
    LongWeekday,
    Weekday,
    Day {
        fixed: bool,
        /// May start with a space.
        padded: bool,
    },
    YearDay {
        fixed: bool,
    },
    Hour,
    Hour12 {
        fixed: bool,
    },
    Minute {
        fixed: bool,
    },
    Second {
        fixed: bool,
    },
    LongYear,
    Year,
    /// Before or after noon, in capital letters or not.
    Noon {
        capital: bool,
    },
    ZoneName,
    Offset {
        /// `Z` stands for none
        iso: bool,
        form: OffsetForm,
    },
    /// With this many digits.
    Fraction(usize),
    /// With any number of digits, or absent.
    AnyFraction,
}

/// How an offset from UTC is written, after its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OffsetForm {
    /// `0700`
    Minutes,
    /// `070000`
    Seconds,
    /// `07`
    Hours,
    /// `07:00`
    ColonMinutes,
    /// `07:00:00`
    ColonSeconds,
}

/// Of two that start alike, the longer one comes first.
const PARTS: &[(&[u8], Part)] = &[
    (b"January", Part::LongMonth),
    (b"Jan", Part::Month),
    (b"Monday", Part::LongWeekday),
    (b"Mon", Part::Weekday),
    (b"MST", Part::ZoneName),
    (b"01", Part::MonthNumber { fixed: true }),
    (b"02", Part::Day { fixed: true, padded: false }),
    (b"03", Part::Hour12 { fixed: true }),
    (b"04", Part::Minute { fixed: true }),
    (b"05", Part::Second { fixed: true }),
    (b"06", Part::Year),
    (b"002", Part::YearDay { fixed: true }),
    (b"15", Part::Hour),
    (b"1", Part::MonthNumber { fixed: false }),
    (b"2006", Part::LongYear),
    (b"2", Part::Day { fixed: false, padded: false }),
    (b"_2", Part::Day { fixed: false, padded: true }),
    (b"__2", Part::YearDay { fixed: false }),
    (b"3", Part::Hour12 { fixed: false }),
    (b"4", Part::Minute { fixed: false }),
    (b"5", Part::Second { fixed: false }),
    (b"PM", Part::Noon { capital: true }),
    (b"pm", Part::Noon { capital: false }),
];

const OFFSETS: &[(&[u8], OffsetForm)] = &[
    (b"070000", OffsetForm::Seconds),
    (b"07:00:00", OffsetForm::ColonSeconds),
    (b"0700", OffsetForm::Minutes),
    (b"07:00", OffsetForm::ColonMinutes),
    (b"07", OffsetForm::Hours),
];

/// A layout, cut at its first part.
pub(super) struct Cut<'l> {
    pub(super) before: &'l [u8],
    /// With its text; `None` where the layout has no part any more.
    pub(super) part: Option<(Part, &'l [u8])>,
    pub(super) rest: &'l [u8],
}

pub(super) fn cut(layout: &[u8]) -> Cut<'_> {
    for at in 0..layout.len() {
        if let Some((before, from)) = layout.split_at_checked(at)
            && let Some((part, len)) = starting(from)
            && let Some((text, rest)) = from.split_at_checked(len)
        {
            return Cut { before, part: Some((part, text)), rest };
        }
    }
    Cut { before: layout, part: None, rest: &[] }
}

/// The part that a text starts with, and its length.
fn starting(text: &[u8]) -> Option<(Part, usize)> {
    match *text.first()? {
        b'.' | b',' => return fraction(text),
        mark @ (b'-' | b'Z') => {
            let rest = text.get(1..)?;
            let (known, form) = OFFSETS.iter().find(|(known, _)| rest.starts_with(known))?;
            return Some((Part::Offset { iso: mark == b'Z', form: *form }, known.len() + 1));
        }
        // The underscore of `_2006` is nothing but that.
        b'_' if text.starts_with(b"_2006") => return None,
        _ => {}
    }
    let (known, part) = PARTS.iter().find(|(known, part)| {
        // `Month` is no `Mon`.
        let word = matches!(part, Part::Month | Part::Weekday);
        text.starts_with(known) && !(word && text.get(known.len()).is_some_and(u8::is_ascii_lowercase))
    })?;
    Some((*part, known.len()))
}

/// A mark and as many zeros or nines as there are digits.
fn fraction(text: &[u8]) -> Option<(Part, usize)> {
    let digits = text.get(1..)?;
    let digit = *digits.first().filter(|digit| matches!(digit, b'0' | b'9'))?;
    let len = digits.iter().take_while(|other| **other == digit).count();
    if digits.get(len).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    // Go has twelve bits for this number.
    Some((if digit == b'0' { Part::Fraction(len & 0xfff) } else { Part::AnyFraction }, len + 1))
}
