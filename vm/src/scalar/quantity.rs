//! Quantities of Kubernetes, as in `100m`, `1.5Gi` and `1e3`.
//!
//! The reference keeps a number as a 64-bit integer with a decimal exponent where it can, else as a decimal of any
//! size, and which of the two it is shows in the results: in what overflows, and in whether `value` is an integer.
//! [`Quantity`] therefore makes the same choice, but a decimal up to 38 digits needs no allocation here.

use std::cmp::Ordering;

use decimal::Decimal;
use small::Small;

mod decimal;
mod magnitude;
mod parse;
mod small;
#[cfg(test)]
mod tests;
mod text;

/// A number with the notation it was written in.
///
/// Equality and order are those of the numbers, whatever their notation.
#[derive(Clone, Debug)]
pub struct Quantity {
    amount: Amount,
    format: Format,
    /// What was read, if the reference takes it for canonical and canonical form would be another text.
    spelling: Option<Box<str>>,
}

/// The family of suffixes of a [`Quantity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// `12e6`
    DecimalExponent,
    /// `12Mi`
    BinarySi,
    /// `12M`, and numbers without a suffix.
    DecimalSi,
}

impl Format {
    /// The name that Kubernetes gives it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DecimalExponent => "DecimalExponent",
            Self::BinarySi => "BinarySI",
            Self::DecimalSi => "DecimalSI",
        }
    }
}

/// Why there is no quantity; the first three in the words of Kubernetes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Not a number followed by letters.
    #[error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    Format,
    /// No digits where there have to be some.
    #[error("unable to parse numeric part of quantity")]
    Numeric,
    /// Letters that are no suffix.
    #[error("unable to parse quantity's suffix")]
    Suffix,
    /// A sum with more digits than anyone waits for; the reference has no limit here.
    #[error("the sum of the quantities has too many digits")]
    TooLong,
}

#[derive(Clone, Debug)]
enum Amount {
    Small(Small),
    Decimal(Decimal),
}

impl Quantity {
    /// Reads a quantity.
    ///
    /// # Errors
    /// As `resource.ParseQuantity`.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        parse::parse(text, true)
    }

    /// Reads a quantity for its number only: [`Self::canonical`] of the result does not know how it was spelled.
    /// This never allocates for a text with at most 38 digits.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_number(text: &str) -> Result<Self, QuantityError> {
        parse::parse(text, false)
    }

    /// An integer in this notation.
    #[must_use]
    pub fn from_int(value: i64, format: Format) -> Self {
        Self { amount: Amount::Small(Small { value, scale: 0 }), format, spelling: None }
    }

    /// The notation.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// -1, 0 or 1.
    #[must_use]
    pub fn sign(&self) -> i8 {
        match &self.amount {
            Amount::Small(small) if small.value == 0 => 0,
            Amount::Small(small) => {
                if small.value < 0 {
                    -1
                } else {
                    1
                }
            }
            Amount::Decimal(decimal) => decimal.sign(),
        }
    }

    /// Whether the number is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.sign() == 0
    }

    /// The sum; its notation is that of `self`, or of `other` if `self` is zero.
    ///
    /// # Errors
    /// [`QuantityError::TooLong`] where the numbers are so far apart that the sum has too many digits.
    pub fn add(&self, other: &Self) -> Result<Self, QuantityError> {
        if let (Amount::Small(a), Amount::Small(b)) = (&self.amount, &other.amount)
            && let Some(sum) = a.checked_add(*b)
        {
            return Ok(self.combined(other, Amount::Small(sum)));
        }
        let sum = self.decimal().checked_add(&other.decimal()).ok_or(QuantityError::TooLong)?;
        Ok(self.combined(other, Amount::Decimal(sum)))
    }

    /// The difference; its notation is as for [`Self::add`].
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn sub(&self, other: &Self) -> Result<Self, QuantityError> {
        if let (Amount::Small(a), Amount::Small(b)) = (&self.amount, &other.amount)
            && let Some(difference) = a.checked_add(Small { value: b.value.wrapping_neg(), scale: b.scale })
        {
            return Ok(self.combined(other, Amount::Small(difference)));
        }
        let difference = self.decimal().checked_add(&other.decimal().negated()).ok_or(QuantityError::TooLong)?;
        Ok(self.combined(other, Amount::Decimal(difference)))
    }

    fn combined(&self, other: &Self, amount: Amount) -> Self {
        Self { amount, format: if self.is_zero() { other.format } else { self.format }, spelling: None }
    }

    /// The number rounded up to an integer, with the overflows of the reference.
    #[must_use]
    pub fn value(&self) -> i64 {
        self.scaled_value(0)
    }

    /// A thousand times the number rounded up to an integer, with the overflows of the reference.
    #[must_use]
    pub fn milli_value(&self) -> i64 {
        self.scaled_value(-3)
    }

    fn scaled_value(&self, scale: i32) -> i64 {
        match &self.amount {
            Amount::Small(small) => small.scaled_value(scale),
            Amount::Decimal(decimal) => decimal.scaled_value(scale),
        }
    }

    /// `AsInt64`: the number, if the reference holds it as an integer. `1000m` and `1Pi` are not held as one.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match &self.amount {
            Amount::Small(small) => small.as_int(),
            Amount::Decimal(_) => None,
        }
    }

    /// Whether [`Self::as_int`] gives a number.
    #[must_use]
    pub fn is_int64(&self) -> bool {
        self.as_int().is_some()
    }

    /// `AsApproximateFloat64`, to the last bit.
    #[must_use]
    pub fn approx(&self) -> f64 {
        match &self.amount {
            Amount::Small(small) => small.approx(),
            Amount::Decimal(decimal) => decimal.approx(),
        }
    }

    /// `String()`: the canonical text.
    #[must_use]
    pub fn canonical(&self) -> String {
        match &self.spelling {
            Some(spelling) => spelling.to_string(),
            None => text::canonical(&self.decimal(), self.format),
        }
    }

    fn decimal(&self) -> std::borrow::Cow<'_, Decimal> {
        match &self.amount {
            Amount::Small(small) => std::borrow::Cow::Owned(small.decimal()),
            Amount::Decimal(decimal) => std::borrow::Cow::Borrowed(decimal),
        }
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.amount, &other.amount) {
            (Amount::Small(a), Amount::Small(b)) if a.scale == b.scale => a.value.cmp(&b.value),
            _ => self.decimal().compare(&other.decimal()),
        }
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Quantity {}

/// `math.Pow10`, whose results are products of two table entries and so not always the nearest float.
fn pow10(exponent: i64) -> f64 {
    const TENS: [f64; 32] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31,
    ];
    const STEPS: [f64; 10] = [1e0, 1e32, 1e64, 1e96, 1e128, 1e160, 1e192, 1e224, 1e256, 1e288];
    const STEPS_DOWN: [f64; 11] = [1e0, 1e-32, 1e-64, 1e-96, 1e-128, 1e-160, 1e-192, 1e-224, 1e-256, 1e-288, 1e-320];
    let entry = |table: &[f64], index: u64| usize::try_from(index).ok().and_then(|index| table.get(index)).copied();
    let size = exponent.unsigned_abs();
    let tens = entry(&TENS, size % 32).unwrap_or(1.0);
    match exponent {
        0..=308 => entry(&STEPS, size / 32).map_or(f64::INFINITY, |step| step * tens),
        -323..0 => entry(&STEPS_DOWN, size / 32).map_or(0.0, |step| step / tens),
        309.. => f64::INFINITY,
        _ => 0.0,
    }
}
