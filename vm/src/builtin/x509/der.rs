//! Reading DER, as golang.org/x/crypto/cryptobyte does: what is not in the shortest form is refused.

/// What has not been read yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Der<'d>(pub(super) &'d [u8]);

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// The tag of a context's own number.
pub(super) const fn context(number: u8) -> u8 {
    0x80 | number
}

/// The tag of a context's own number around other elements.
pub(super) const fn explicit(number: u8) -> u8 {
    0xa0 | number
}

/// An element: its tag, all of it, and what it holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'d> {
    pub(super) tag: u8,
    pub(super) whole: &'d [u8],
    pub(super) inner: &'d [u8],
}

impl<'d> Der<'d> {
    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Whether an element with this tag is next.
    pub(super) fn at(self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    /// The next element.
    pub(super) fn any(&mut self) -> Option<Element<'d>> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (length, header) = if first < 0x80 {
            (usize::from(first), 2)
        } else {
            let count = usize::from(first & 0x7f);
            let bytes = rest.get(..count).filter(|_| (1..=4).contains(&count))?;
            let length = bytes.iter().fold(0_usize, |n, b| n << 8 | usize::from(*b));
            if length < 0x80 || bytes.first() == Some(&0) {
                return None;
            }
            (length, 2 + count)
        };
        let (whole, after) = self.0.split_at_checked(header + length)?;
        self.0 = after;
        Some(Element { tag, whole, inner: whole.get(header..)? })
    }

    /// The next element, which has this tag.
    pub(super) fn element(&mut self, tag: u8) -> Option<Element<'d>> {
        if self.at(tag) { self.any() } else { None }
    }

    /// What the next element holds, which has this tag.
    pub(super) fn read(&mut self, tag: u8) -> Option<Der<'d>> {
        self.element(tag).map(|e| Der(e.inner))
    }

    /// What the next element holds where it has this tag; `Some(None)` where it is another.
    pub(super) fn optional(&mut self, tag: u8) -> Option<Option<Der<'d>>> {
        if self.at(tag) { self.read(tag).map(Some) } else { Some(None) }
    }

    pub(super) fn boolean(&mut self) -> Option<bool> {
        match self.read(BOOLEAN)?.0 {
            [0] => Some(false),
            [0xff] => Some(true),
            _ => None,
        }
    }

    /// The bytes of the next integer, in two's complement.
    pub(super) fn integer_bytes(&mut self, tag: u8) -> Option<&'d [u8]> {
        let bytes = self.read(tag)?.0;
        match bytes {
            [] => None,
            [0, b, ..] if *b < 0x80 => None,
            [0xff, b, ..] if *b >= 0x80 => None,
            _ => Some(bytes),
        }
    }

    /// The next integer, which fits into 64 bits.
    pub(super) fn int64(&mut self, tag: u8) -> Option<i64> {
        let bytes = self.integer_bytes(tag).filter(|bytes| bytes.len() <= 8)?;
        let sign = if bytes.first().is_some_and(|b| *b >= 0x80) { -1 } else { 0 };
        Some(bytes.iter().fold(sign, |n: i64, b| n << 8 | i64::from(*b)))
    }

    /// The bits of the next bit string, and how many of the last byte are none.
    pub(super) fn bits(&mut self) -> Option<(&'d [u8], u32)> {
        let (&unused, bytes) = self.read(BIT_STRING)?.0.split_first()?;
        let stray = bytes.last().map_or(unused, |last| last & ((1_u16 << unused.min(8)) - 1) as u8);
        (unused < 8 && stray == 0).then_some((bytes, u32::from(unused)))
    }

    /// The numbers of the next object identifier.
    pub(super) fn oid(&mut self) -> Option<Vec<u32>> {
        oid_numbers(self.read(OID)?.0)
    }
}

/// The numbers of an object identifier, each below 2^31.
pub(super) fn oid_numbers(bytes: &[u8]) -> Option<Vec<u32>> {
    let mut out = Vec::with_capacity(bytes.len() + 1);
    let mut value: Option<u32> = None;
    for &b in bytes {
        if (value.is_none() && b == 0x80) || value.is_some_and(|v| v >= 1 << 24) {
            return None;
        }
        let next = value.unwrap_or(0) << 7 | u32::from(b & 0x7f);
        value = Some(next);
        if b < 0x80 {
            if out.is_empty() {
                let root = (next / 40).min(2);
                out.extend([root, next - root * 40]);
            } else {
                out.push(next);
            }
            value = None;
        }
    }
    (value.is_none() && !out.is_empty()).then_some(out)
}

/// An object identifier as text, however large its numbers are; `None` where it is not well formed.
pub(super) fn oid_text(bytes: &[u8]) -> Option<String> {
    let mut out = String::new();
    for number in bytes.split_inclusive(|b| *b < 0x80) {
        // 18 bytes of seven bits fit into 128.
        if number.last().is_none_or(|b| *b >= 0x80) || number.first() == Some(&0x80) || number.len() > 18 {
            return None;
        }
        let value = number.iter().fold(0_u128, |n, b| n << 7 | u128::from(b & 0x7f));
        if out.is_empty() {
            let root = (value / 40).min(2);
            out = format!("{root}.{}", value - root * 40);
        } else {
            out.push_str(&format!(".{value}"));
        }
    }
    (!out.is_empty()).then_some(out)
}

/// The longest number that is shown.
const MAX_DECIMAL: usize = 4096;

/// The bytes of a positive number as decimal digits.
pub(super) fn decimal(bytes: &[u8]) -> Option<String> {
    if bytes.len() > MAX_DECIMAL {
        return None;
    }
    // Limbs of nine digits, the least first.
    let mut limbs: Vec<u32> = vec![0];
    for &b in bytes {
        let mut carry = u64::from(b);
        for limb in &mut limbs {
            let value = u64::from(*limb) * 256 + carry;
            *limb = (value % 1_000_000_000) as u32;
            carry = value / 1_000_000_000;
        }
        if carry > 0 {
            limbs.push(carry as u32);
        }
    }
    let mut limbs = limbs.iter().rev();
    let first = limbs.next().map_or_else(String::new, u32::to_string);
    Some(limbs.fold(first, |out, limb| out + &format!("{limb:09}")))
}
