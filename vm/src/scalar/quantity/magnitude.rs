//! Natural numbers of any size, fast up to 38 digits.

use std::cmp::Ordering;
use std::fmt::Write as _;

use smallvec::SmallVec;

/// Decimal digits, most significant first.
pub(super) type Digits = SmallVec<[u8; 64]>;

/// A natural number.
#[derive(Clone, Debug)]
pub(super) enum Magnitude {
    Small(u128),
    /// Digits without leading zeros, more than fit the other form.
    Large(Box<[u8]>),
}

impl Magnitude {
    /// From digits with or without leading zeros.
    pub(super) fn from_digits(digits: &[u8]) -> Self {
        let zeros = digits.iter().take_while(|digit| **digit == 0).count();
        let digits = digits.get(zeros..).unwrap_or_default();
        if digits.len() <= 38 {
            Self::Small(digits.iter().fold(0, |value, digit| value * 10 + u128::from(*digit)))
        } else {
            Self::Large(digits.into())
        }
    }

    pub(super) fn digits(&self) -> Digits {
        match self {
            Self::Large(digits) => Digits::from_slice(digits),
            Self::Small(value) => {
                let (mut digits, mut rest) = (Digits::new(), *value);
                while rest > 0 {
                    digits.push(u8::try_from(rest % 10).unwrap_or(0));
                    rest /= 10;
                }
                digits.reverse();
                digits
            }
        }
    }

    pub(super) fn is_zero(&self) -> bool {
        matches!(self, Self::Small(0))
    }

    /// How many digits; none for zero.
    pub(super) fn len(&self) -> i64 {
        match self {
            Self::Large(digits) => i64::try_from(digits.len()).unwrap_or(i64::MAX),
            Self::Small(value) => value.checked_ilog10().map_or(0, |log| i64::from(log) + 1),
        }
    }

    /// Compares `self * 10^exponent` with `other * 10^other_exponent`.
    pub(super) fn compare(&self, exponent: i64, other: &Self, other_exponent: i64) -> Ordering {
        if self.is_zero() || other.is_zero() {
            return other.is_zero().cmp(&self.is_zero());
        }
        if let (Self::Small(a), Self::Small(b)) = (self, other) {
            // A product that does not fit exceeds the other side, which does.
            let scaled = |value: u128, places: i64| value.checked_mul(power(places)?);
            return if exponent >= other_exponent {
                scaled(*a, exponent - other_exponent).map_or(Ordering::Greater, |a| a.cmp(b))
            } else {
                scaled(*b, other_exponent - exponent).map_or(Ordering::Less, |b| a.cmp(&b))
            };
        }
        // Digits compare as texts once the numbers are equally long, but for zeros at the end.
        (self.len() + exponent).cmp(&(other.len() + other_exponent)).then_with(|| {
            let (a, b) = (self.digits(), other.digits());
            let shared = a.len().min(b.len());
            let rest = |digits: &Digits| digits.iter().skip(shared).any(|digit| *digit != 0);
            a.iter().take(shared).cmp(b.iter().take(shared)).then_with(|| rest(&a).cmp(&rest(&b)))
        })
    }

    pub(super) fn times_pow10(&self, places: i64) -> Self {
        match self {
            Self::Small(0) => Self::Small(0),
            Self::Small(value) if let Some(product) = power(places).and_then(|power| value.checked_mul(power)) => {
                Self::Small(product)
            }
            _ => {
                let mut digits = self.digits();
                digits.resize(digits.len() + usize::try_from(places).unwrap_or(0), 0);
                Self::from_digits(&digits)
            }
        }
    }

    /// The quotient rounded down, and whether nothing was left.
    pub(super) fn divided_by_pow10(&self, places: i64) -> (Self, bool) {
        if let Self::Small(value) = self {
            return match power(places) {
                Some(power) => (Self::Small(value / power), value % power == 0),
                None => (Self::Small(0), *value == 0),
            };
        }
        let digits = self.digits();
        let keep = usize::try_from(self.len() - places).unwrap_or(0);
        let exact = digits.iter().skip(keep).all(|digit| *digit == 0);
        (Self::from_digits(digits.get(..keep).unwrap_or_default()), exact)
    }

    pub(super) fn times(&self, factor: u64) -> Self {
        if let Self::Small(value) = self
            && let Some(product) = value.checked_mul(factor.into())
        {
            return Self::Small(product);
        }
        let mut digits = self.digits();
        let mut carry = 0_u128;
        for digit in digits.iter_mut().rev() {
            carry += u128::from(*digit) * u128::from(factor);
            *digit = u8::try_from(carry % 10).unwrap_or(0);
            carry /= 10;
        }
        let mut all = Self::Small(carry).digits();
        all.extend(digits);
        Self::from_digits(&all)
    }

    /// The quotient and the remainder of a division by a small number.
    pub(super) fn divided_by(&self, divisor: u16) -> (Self, u16) {
        let narrow = |remainder: u128| u16::try_from(remainder).unwrap_or(0);
        if let Self::Small(value) = self {
            let divisor = u128::from(divisor);
            return (Self::Small(value / divisor), narrow(value % divisor));
        }
        let mut digits = self.digits();
        let (divisor, mut rest) = (u32::from(divisor), 0_u32);
        for digit in &mut digits {
            rest = rest * 10 + u32::from(*digit);
            *digit = u8::try_from(rest / divisor).unwrap_or(0);
            rest %= divisor;
        }
        (Self::from_digits(&digits), narrow(rest.into()))
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        if let (Self::Small(a), Self::Small(b)) = (self, other)
            && let Some(sum) = a.checked_add(*b)
        {
            return Self::Small(sum);
        }
        self.column_by_column(other, 1)
    }

    /// The difference, of a number that is not less than the other.
    pub(super) fn minus(&self, other: &Self) -> Self {
        if let (Self::Small(a), Self::Small(b)) = (self, other) {
            return Self::Small(a.saturating_sub(*b));
        }
        self.column_by_column(other, -1)
    }

    fn column_by_column(&self, other: &Self, sign: i8) -> Self {
        let (a, b) = (self.digits(), other.digits());
        let signed = |digit: u8| i8::try_from(digit).unwrap_or(0);
        let mut columns = Digits::new();
        let mut carry = 0_i8;
        for place in 0..=a.len().max(b.len()) {
            let at = |digits: &Digits| digits.iter().rev().nth(place).copied().map_or(0, signed);
            carry += at(&a) + sign * at(&b);
            columns.push(u8::try_from(carry.rem_euclid(10)).unwrap_or(0));
            carry = carry.div_euclid(10);
        }
        columns.reverse();
        Self::from_digits(&columns)
    }

    /// The lowest 64 bits of `self * 10^zeros`.
    pub(super) fn low_bits(&self, zeros: i64) -> u64 {
        let ten_times = |value: u64, digit: u8| value.wrapping_mul(10).wrapping_add(digit.into());
        let value = match self {
            Self::Small(value) => u64::try_from(value & u128::from(u64::MAX)).unwrap_or(0),
            Self::Large(digits) => digits.iter().fold(0, |value, digit| ten_times(value, *digit)),
        };
        // From 10^64 on the low bits are all zero.
        (0..zeros.min(64)).fold(value, |value, _| ten_times(value, 0))
    }

    /// The float nearest to `self * 10^zeros`.
    pub(super) fn to_float(&self, zeros: i64) -> f64 {
        match self {
            Self::Small(value) if zeros == 0 || *value == 0 => *value as f64,
            _ => {
                let mut text: String = self.digits().iter().map(|digit| char::from(b'0' + digit)).collect();
                let written = write!(text, "e{zeros}");
                debug_assert!(written.is_ok());
                text.parse().unwrap_or(f64::INFINITY)
            }
        }
    }
}

fn power(places: i64) -> Option<u128> {
    10_u128.checked_pow(u32::try_from(places).ok()?)
}
