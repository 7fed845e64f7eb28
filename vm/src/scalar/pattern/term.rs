//! Terms of a string pattern.

use super::value::Value;
use super::{Compare, Op, Term, holds};
use crate::scalar::{Glob, Quantity, duration};

/// A term with its operands parsed.
#[derive(Clone, Debug)]
pub(super) enum Test {
    One(Compare, Operand),
    /// `low-high`
    Inside(Box<[Operand; 2]>),
    /// `low!-high`
    Outside(Box<[Operand; 2]>),
}

/// What a value is compared with.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    glob: Glob,
    /// Most operands are plain text and pay for one pointer only.
    measure: Option<Box<Measure>>,
}

#[derive(Clone, Debug)]
struct Measure {
    duration: Option<i64>,
    quantity: Option<Quantity>,
}

impl Test {
    pub(super) fn new(term: &Term<'_>) -> Self {
        let one = |compare| Self::One(compare, Operand::new(term.operand));
        let ends = |low, high| Box::new([Operand::new(low), Operand::new(high)]);
        match term.op {
            Op::Equal => one(Compare::Equal),
            Op::NotEqual => one(Compare::NotEqual),
            Op::More => one(Compare::More),
            Op::Less => one(Compare::Less),
            Op::MoreEqual => one(Compare::MoreEqual),
            Op::LessEqual => one(Compare::LessEqual),
            Op::InRange { low, high } => Self::Inside(ends(low, high)),
            Op::NotInRange { low, high } => Self::Outside(ends(low, high)),
        }
    }

    pub(super) fn term(&self) -> Term<'_> {
        let (op, operand) = match self {
            Self::One(compare, operand) => {
                let op = match compare {
                    Compare::Equal => Op::Equal,
                    Compare::NotEqual => Op::NotEqual,
                    Compare::More => Op::More,
                    Compare::Less => Op::Less,
                    Compare::MoreEqual => Op::MoreEqual,
                    Compare::LessEqual => Op::LessEqual,
                };
                (op, operand.glob.as_str())
            }
            Self::Inside(ends) => {
                let [low, high] = &**ends;
                (Op::InRange { low: low.glob.as_str(), high: high.glob.as_str() }, "")
            }
            Self::Outside(ends) => {
                let [low, high] = &**ends;
                (Op::NotInRange { low: low.glob.as_str(), high: high.glob.as_str() }, "")
            }
        };
        Term { op, operand }
    }

    /// The text, if the term does nothing but compare with it.
    pub(super) fn as_literal(&self) -> Option<&str> {
        match self {
            Self::One(Compare::Equal, operand) if operand.measure.is_none() && operand.glob.is_literal() => {
                Some(operand.glob.as_str())
            }
            _ => None,
        }
    }

    /// As [`Self::matches`] of a string, without preparing it for more than text where the operand is only text.
    pub(super) fn matches_text(&self, text: &str) -> bool {
        match self {
            Self::One(compare, Operand { glob, measure: None }) => match compare {
                Compare::Equal => glob.matches(text),
                Compare::NotEqual => !glob.matches(text),
                _ => false,
            },
            _ => self.matches(&mut Value::new(crate::scalar::Scalar::Str(text))),
        }
    }

    pub(super) fn matches(&self, value: &mut Value<'_>) -> bool {
        match self {
            Self::One(compare, operand) => operand.compare(*compare, value),
            Self::Inside(ends) => {
                let [low, high] = &**ends;
                low.compare(Compare::MoreEqual, value) && high.compare(Compare::LessEqual, value)
            }
            Self::Outside(ends) => {
                let [low, high] = &**ends;
                low.compare(Compare::Less, value) || high.compare(Compare::More, value)
            }
        }
    }
}

impl Operand {
    fn new(text: &str) -> Self {
        let measure = Measure { duration: duration::parse(text).ok(), quantity: Quantity::parse_number(text).ok() };
        let is_one = measure.duration.is_some() || measure.quantity.is_some();
        Self { glob: Glob::new(text), measure: is_one.then(|| Box::new(measure)) }
    }

    fn compare(&self, op: Compare, value: &mut Value<'_>) -> bool {
        if let Some(measure) = &self.measure {
            if let Some(operand) = measure.duration
                && let Some(value) = value.duration()
            {
                return holds(op, value.cmp(&operand));
            }
            if let Some(operand) = &measure.quantity
                && let Some(value) = value.quantity()
            {
                return holds(op, value.cmp(operand));
            }
        }
        match op {
            Compare::Equal => value.matches(&self.glob).unwrap_or(false),
            // What has no text, as null, is also not unequal to one.
            Compare::NotEqual => value.matches(&self.glob).is_some_and(|matches| !matches),
            Compare::More | Compare::Less | Compare::MoreEqual | Compare::LessEqual => false,
        }
    }
}
