//! Arithmetic on numbers, quantities and durations.
//!
//! A float64 is a number. A string is a quantity where it can be read as one, else a duration: `10m` is a hundredth,
//! `1h` is an hour. Everything else, an int64 included, is no operand. The rules for mixed operands are Kyverno's
//! (`pkg/engine/jmespath/arithmetic.go`).

use crate::machine::View;
use crate::scalar::number::float_to_int;
use crate::scalar::{Quantity, QuantityError, duration};
use crate::value::Val;

use super::{Builtin, Call, Failure, Type};
use decimal::Decimal;
use std::ops::Deref;

mod decimal;
#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;

const ANY: &[Type] = &[Type::Any];
const NUMBER: &[Type] = &[Type::Number];

/// The functions of this family.
pub(crate) const FUNCTIONS: &[Builtin] = &[
    Builtin {
        name: "add",
        args: &[ANY, ANY],
        variadic: false,
        returns: ANY,
        doc: "does arithmetic addition of two specified values of numbers, quantities, and durations",
        examples: &[("add(`1`, `2`)", "3"), ("add('1Gi', '512Mi')", "\"1536Mi\""), ("add('1h', '90s')", "\"1h1m30s\"")],
        pure: true,
        code: |call, args| add(call, "add", at(args, 0), at(args, 1))?.into_val(call),
    },
    Builtin {
        name: "subtract",
        args: &[ANY, ANY],
        variadic: false,
        returns: ANY,
        doc: "does arithmetic subtraction of two specified values of numbers, quantities, and durations",
        examples: &[("subtract(`3`, `1`)", "2"), ("subtract('1Gi', '512Mi')", "\"512Mi\"")],
        pure: true,
        code: |call, args| subtract(call, args)?.into_val(call),
    },
    Builtin {
        name: "multiply",
        args: &[ANY, ANY],
        variadic: false,
        returns: ANY,
        doc: "does arithmetic multiplication of two specified values of numbers, quantities, and durations",
        examples: &[("multiply(`3`, `2`)", "6"), ("multiply('1Gi', `0.5`)", "\"512Mi\"")],
        pure: true,
        code: |call, args| {
            spend_on_digits(call, args);
            multiply(call, args)?.into_val(call)
        },
    },
    Builtin {
        name: "divide",
        args: &[ANY, ANY],
        variadic: false,
        returns: ANY,
        doc: "divisor must be non zero",
        examples: &[("divide(`1`, `2`)", "0.5"), ("divide('1Gi', '512Mi')", "2"), ("divide('1h', `2`)", "\"30m0s\"")],
        pure: true,
        code: |call, args| {
            spend_on_digits(call, args);
            divide(call, args)?.into_val(call)
        },
    },
    Builtin {
        name: "modulo",
        args: &[ANY, ANY],
        variadic: false,
        returns: ANY,
        doc: "divisor must be non-zero, arguments must be integers",
        examples: &[("modulo(`7`, `3`)", "1"), ("modulo('10s', '3s')", "\"1s\"")],
        pure: true,
        code: |call, args| modulo(call, args)?.into_val(call),
    },
    Builtin {
        name: "sum",
        args: &[&[Type::Array]],
        variadic: false,
        returns: ANY,
        doc: "does arithmetic addition of specified array of values of numbers, quantities, and durations",
        examples: &[("sum(`[1, 2, 3]`)", "6"), ("sum(`[\"64Mi\", \"1Gi\"]`)", "\"1088Mi\"")],
        pure: true,
        code: sum,
    },
    Builtin {
        name: "round",
        args: &[NUMBER, NUMBER],
        variadic: false,
        returns: NUMBER,
        doc: "does roundoff to upto the given decimal places",
        examples: &[("round(`1.235`, `2`)", "1.24")],
        pure: true,
        code: round,
    },
];

/// What a text is to arithmetic.
#[derive(Debug)]
pub(crate) enum Amount {
    Quantity(Quantity),
    /// In nanoseconds
    Duration(i64),
    Neither,
}

impl Amount {
    pub(crate) fn read(text: &str) -> Self {
        match Quantity::parse_number(text) {
            Ok(quantity) => Amount::Quantity(quantity),
            Err(_) => duration::parse(text).map_or(Amount::Neither, Amount::Duration),
        }
    }
}

enum Operand<'c> {
    Number(f64),
    /// With its text.
    Quantity(Kept<'c>, &'c str),
    /// In nanoseconds.
    Duration(i64),
}

/// A quantity that was just read, or one of a constant.
enum Kept<'c> {
    Own(Quantity),
    Constant(&'c Quantity),
}

impl Deref for Kept<'_> {
    type Target = Quantity;

    fn deref(&self) -> &Quantity {
        match self {
            Kept::Own(quantity) => quantity,
            Kept::Constant(quantity) => quantity,
        }
    }
}

/// A result that is not a value of the run yet.
enum Made {
    Number(f64),
    Quantity(Result<Quantity, QuantityError>),
    Text(Result<String, QuantityError>),
    Duration(i64),
}

impl Made {
    fn into_val(self, call: &mut Call<'_, '_>) -> Result<Val, Failure> {
        let failed = |problem: QuantityError| Failure::error(problem.to_string());
        match self {
            Made::Number(n) => Ok(Val::Float(n)),
            Made::Quantity(quantity) => call.make_str(&quantity.map_err(failed)?.canonical()),
            Made::Text(text) => call.make_str(&text.map_err(failed)?),
            Made::Duration(nanoseconds) => call.make_str(&duration::format(nanoseconds)),
        }
    }
}

fn at(args: &[Val], index: usize) -> Val {
    args.get(index).copied().unwrap_or_default()
}

fn error(function: &str, text: &str) -> Failure {
    Failure::error(format!("JMESPath function '{function}': {text}"))
}

fn mismatch(function: &str) -> Failure {
    error(function, "Types mismatch")
}

/// Products and quotients of long quantities take long.
fn spend_on_digits(call: &mut Call<'_, '_>, args: &[Val]) {
    let digits: u64 = args.iter().map(|v| call.size(*v)).sum();
    call.spend(digits.saturating_mul(64));
}

fn operand<'c>(call: &'c Call<'_, '_>, function: &str, value: Val) -> Result<Operand<'c>, Failure> {
    match (call.view(value), call.prepared(value)) {
        (View::Float(number), _) => Ok(Operand::Number(number)),
        (View::Str(text), Some(prepared)) => match prepared.amount(text) {
            Amount::Quantity(quantity) => Ok(Operand::Quantity(Kept::Constant(quantity), text)),
            Amount::Duration(nanoseconds) => Ok(Operand::Duration(*nanoseconds)),
            Amount::Neither => Err(error(function, "invalid operand")),
        },
        (View::Str(text), None) => match Amount::read(text) {
            Amount::Quantity(quantity) => Ok(Operand::Quantity(Kept::Own(quantity), text)),
            Amount::Duration(nanoseconds) => Ok(Operand::Duration(nanoseconds)),
            Amount::Neither => Err(error(function, "invalid operand")),
        },
        _ => Err(error(function, "invalid operand")),
    }
}

fn operands<'c>(call: &'c Call<'_, '_>, function: &str, args: &[Val]) -> Result<(Operand<'c>, Operand<'c>), Failure> {
    Ok((operand(call, function, at(args, 0))?, operand(call, function, at(args, 1))?))
}

fn add(call: &Call<'_, '_>, function: &str, left: Val, right: Val) -> Result<Made, Failure> {
    match operands(call, function, &[left, right])? {
        (Operand::Number(a), Operand::Number(b)) => Ok(Made::Number(a + b)),
        (Operand::Quantity(a, _), Operand::Quantity(b, _)) => Ok(Made::Quantity(a.add(&b))),
        (Operand::Duration(a), Operand::Duration(b)) => Ok(Made::Duration(a.wrapping_add(b))),
        _ => Err(mismatch(function)),
    }
}

fn subtract(call: &Call<'_, '_>, args: &[Val]) -> Result<Made, Failure> {
    match operands(call, "subtract", args)? {
        (Operand::Number(a), Operand::Number(b)) => Ok(Made::Number(a - b)),
        (Operand::Quantity(a, _), Operand::Quantity(b, _)) => Ok(Made::Quantity(a.sub(&b))),
        (Operand::Duration(a), Operand::Duration(b)) => Ok(Made::Duration(a.wrapping_sub(b))),
        _ => Err(mismatch("subtract")),
    }
}

fn multiply(call: &Call<'_, '_>, args: &[Val]) -> Result<Made, Failure> {
    match operands(call, "multiply", args)? {
        (Operand::Number(a), Operand::Number(b)) => Ok(Made::Number(a * b)),
        (Operand::Quantity(q, text), Operand::Number(n)) | (Operand::Number(n), Operand::Quantity(q, text)) => {
            Ok(Made::Text(product(&q, text, n)))
        }
        (Operand::Duration(d), Operand::Number(n)) | (Operand::Number(n), Operand::Duration(d)) => {
            Ok(Made::Duration(float_to_int(duration::seconds(d) * n * 1e9)))
        }
        _ => Err(mismatch("multiply")),
    }
}

fn sum(call: &mut Call<'_, '_>, args: &[Val]) -> Result<Val, Failure> {
    if let Val::Maps(_) = at(args, 0) {
        return Err(mismatch("sum"));
    }
    let mut items = call.elements(at(args, 0)).into_iter();
    // Kyverno: a single element is returned as it is, whatever it is.
    let Some(first) = items.next() else { return Err(error("sum", "at least one element in the array is required")) };
    items.try_fold(first, |total, item| add(call, "sum", total, item)?.into_val(call))
}

fn divide(call: &Call<'_, '_>, args: &[Val]) -> Result<Made, Failure> {
    let by = |divisor: f64| if divisor == 0.0 { Err(error("divide", "Zero divisor passed")) } else { Ok(divisor) };
    match operands(call, "divide", args)? {
        (Operand::Number(a), Operand::Number(b)) => Ok(Made::Number(a / by(b)?)),
        (Operand::Quantity(a, _), Operand::Quantity(b, _)) => Ok(Made::Number(a.approx() / by(b.approx())?)),
        (Operand::Duration(a), Operand::Duration(b)) => {
            Ok(Made::Number(duration::seconds(a) / by(duration::seconds(b))?))
        }
        (Operand::Quantity(q, text), Operand::Number(n)) => Ok(Made::Text(quotient(&q, text, by(n)?))),
        (Operand::Duration(d), Operand::Number(n)) => {
            Ok(Made::Duration(float_to_int(duration::seconds(d) / by(n)? * 1e9)))
        }
        _ => Err(mismatch("divide")),
    }
}

fn product(quantity: &Quantity, text: &str, factor: f64) -> Result<String, QuantityError> {
    let factor = Decimal::of_float(factor)?;
    Decimal::of(quantity, text)?.times(&factor).canonical(quantity.format())
}

fn quotient(quantity: &Quantity, text: &str, divisor: f64) -> Result<String, QuantityError> {
    let divisor = Decimal::of_float(divisor)?;
    Decimal::of(quantity, text)?.over(&divisor)?.canonical(quantity.format())
}

fn modulo(call: &Call<'_, '_>, args: &[Val]) -> Result<Made, Failure> {
    let zero = || error("modulo", "Zero divisor passed");
    match operands(call, "modulo", args)? {
        (Operand::Number(a), Operand::Number(b)) => Ok(Made::Number(remainder(a, b)? as f64)),
        (Operand::Quantity(a, _), Operand::Quantity(b, _)) => {
            let rest = remainder(a.approx(), b.approx())?;
            Ok(Made::Quantity(Ok(Quantity::from_int(rest, a.format()))))
        }
        (Operand::Duration(_), Operand::Duration(0)) => Err(zero()),
        (Operand::Duration(a), Operand::Duration(b)) => Ok(Made::Duration(a.wrapping_rem(b))),
        _ => Err(mismatch("modulo")),
    }
}

/// The remainder of two integers, with the sign of the first.
fn remainder(a: f64, b: f64) -> Result<i64, Failure> {
    let (x, y) = (float_to_int(a), float_to_int(b));
    if x as f64 != a || y as f64 != b {
        return Err(error("modulo", "Non-integer argument(s) passed for modulo"));
    }
    if y == 0 { Err(error("modulo", "Zero divisor passed")) } else { Ok(x.wrapping_rem(y)) }
}

fn round(call: &mut Call<'_, '_>, args: &[Val]) -> Result<Val, Failure> {
    let float = |index: usize| match call.view(at(args, index)) {
        View::Float(number) => Ok(number),
        _ => Err(error("round", &format!("argument #{} is not of type float64", index + 1))),
    };
    let (number, places) = (float(0)?, float(1)?);
    let whole = float_to_int(places);
    if !places.is_finite() || whole as f64 != places {
        return Err(error("round", "Non-integer argument(s) passed for round off"));
    }
    if whole < 0 {
        // Kyverno: the values of this message are forgotten there.
        return Err(error("round", "%!d(MISSING) argument is out of bounds (%!d(MISSING))"));
    }
    let shift = power_of_ten(whole);
    Ok(Val::Float((number * shift).round() / shift))
}

/// `math.Pow(10, exponent)` of Go, by repeated squaring, so that beyond 10^22 it is not always the nearest float.
fn power_of_ten(exponent: i64) -> f64 {
    if exponent > 400 {
        return f64::INFINITY;
    }
    let (mut mantissa, mut two_exponent) = (1.0_f64, 0_i32);
    let (mut square, mut square_exponent) = (0.625_f64, 4_i32);
    let mut bits = exponent;
    while bits > 0 {
        if bits & 1 == 1 {
            mantissa *= square;
            two_exponent += square_exponent;
        }
        square *= square;
        square_exponent *= 2;
        if square < 0.5 {
            square += square;
            square_exponent -= 1;
        }
        bits >>= 1;
    }
    let half = two_exponent / 2;
    mantissa * 2.0_f64.powi(half) * 2.0_f64.powi(two_exponent - half)
}
