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
        code: |call, args| add(call, "add", at(args, 0), at(args, 1)),
    },
    Builtin {
        name: "subtract",
        args: &[ANY, ANY],
        variadic: false,
        returns: ANY,
        doc: "does arithmetic subtraction of two specified values of numbers, quantities, and durations",
        examples: &[("subtract(`3`, `1`)", "2"), ("subtract('1Gi', '512Mi')", "\"512Mi\"")],
        pure: true,
        code: |call, args| match operands(call, "subtract", args)? {
            (Operand::Number(a), Operand::Number(b)) => Ok(Val::Float(a - b)),
            (Operand::Quantity(a, _), Operand::Quantity(b, _)) => make_quantity(call, a.sub(&b).map(|q| q.canonical())),
            (Operand::Duration(a), Operand::Duration(b)) => make_duration(call, a.wrapping_sub(b)),
            _ => Err(mismatch("subtract")),
        },
    },
    Builtin {
        name: "multiply",
        args: &[ANY, ANY],
        variadic: false,
        returns: ANY,
        doc: "does arithmetic multiplication of two specified values of numbers, quantities, and durations",
        examples: &[("multiply(`3`, `2`)", "6"), ("multiply('1Gi', `0.5`)", "\"512Mi\"")],
        pure: true,
        code: |call, args| match operands(call, "multiply", args)? {
            (Operand::Number(a), Operand::Number(b)) => Ok(Val::Float(a * b)),
            (Operand::Quantity(q, text), Operand::Number(n)) | (Operand::Number(n), Operand::Quantity(q, text)) => {
                make_quantity(call, product(&q, &text, n))
            }
            (Operand::Duration(d), Operand::Number(n)) | (Operand::Number(n), Operand::Duration(d)) => {
                make_duration(call, float_to_int(duration::seconds(d) * n * 1e9))
            }
            _ => Err(mismatch("multiply")),
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
        code: divide,
    },
    Builtin {
        name: "modulo",
        args: &[ANY, ANY],
        variadic: false,
        returns: ANY,
        doc: "divisor must be non-zero, arguments must be integers",
        examples: &[("modulo(`7`, `3`)", "1"), ("modulo('10s', '3s')", "\"1s\"")],
        pure: true,
        code: modulo,
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

enum Operand {
    Number(f64),
    /// With its text.
    Quantity(Quantity, String),
    /// In nanoseconds.
    Duration(i64),
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

fn operand(call: &Call<'_, '_>, function: &str, value: Val) -> Result<Operand, Failure> {
    match call.view(value) {
        View::Float(number) => Ok(Operand::Number(number)),
        View::Str(text) => match Quantity::parse_number(text) {
            Ok(quantity) => Ok(Operand::Quantity(quantity, text.to_owned())),
            Err(_) => duration::parse(text).map(Operand::Duration).map_err(|_| error(function, "invalid operand")),
        },
        _ => Err(error(function, "invalid operand")),
    }
}

fn operands(call: &Call<'_, '_>, function: &str, args: &[Val]) -> Result<(Operand, Operand), Failure> {
    Ok((operand(call, function, at(args, 0))?, operand(call, function, at(args, 1))?))
}

fn make_quantity(call: &mut Call<'_, '_>, text: Result<String, QuantityError>) -> Result<Val, Failure> {
    call.make_str(&text.map_err(|problem| Failure::error(problem.to_string()))?)
}

fn make_duration(call: &mut Call<'_, '_>, nanoseconds: i64) -> Result<Val, Failure> {
    call.make_str(&duration::format(nanoseconds))
}

fn add(call: &mut Call<'_, '_>, function: &str, left: Val, right: Val) -> Result<Val, Failure> {
    match operands(call, function, &[left, right])? {
        (Operand::Number(a), Operand::Number(b)) => Ok(Val::Float(a + b)),
        (Operand::Quantity(a, _), Operand::Quantity(b, _)) => make_quantity(call, a.add(&b).map(|q| q.canonical())),
        (Operand::Duration(a), Operand::Duration(b)) => make_duration(call, a.wrapping_add(b)),
        _ => Err(mismatch(function)),
    }
}

fn sum(call: &mut Call<'_, '_>, args: &[Val]) -> Result<Val, Failure> {
    if let Val::Maps(_) = at(args, 0) {
        return Err(mismatch("sum"));
    }
    let mut items = call.elements(at(args, 0)).into_iter();
    // Kyverno: a single element is returned as it is, whatever it is.
    let Some(first) = items.next() else { return Err(error("sum", "at least one element in the array is required")) };
    items.try_fold(first, |total, item| add(call, "sum", total, item))
}

fn divide(call: &mut Call<'_, '_>, args: &[Val]) -> Result<Val, Failure> {
    let by = |divisor: f64| if divisor == 0.0 { Err(error("divide", "Zero divisor passed")) } else { Ok(divisor) };
    match operands(call, "divide", args)? {
        (Operand::Number(a), Operand::Number(b)) => Ok(Val::Float(a / by(b)?)),
        (Operand::Quantity(a, _), Operand::Quantity(b, _)) => Ok(Val::Float(a.approx() / by(b.approx())?)),
        (Operand::Duration(a), Operand::Duration(b)) => {
            Ok(Val::Float(duration::seconds(a) / by(duration::seconds(b))?))
        }
        (Operand::Quantity(q, text), Operand::Number(n)) => {
            let divisor = by(n)?;
            make_quantity(call, quotient(&q, &text, divisor))
        }
        (Operand::Duration(d), Operand::Number(n)) => {
            make_duration(call, float_to_int(duration::seconds(d) / by(n)? * 1e9))
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

fn modulo(call: &mut Call<'_, '_>, args: &[Val]) -> Result<Val, Failure> {
    let zero = || error("modulo", "Zero divisor passed");
    match operands(call, "modulo", args)? {
        (Operand::Number(a), Operand::Number(b)) => Ok(Val::Float(remainder(a, b)? as f64)),
        (Operand::Quantity(a, _), Operand::Quantity(b, _)) => {
            let rest = remainder(a.approx(), b.approx())?;
            call.make_str(&Quantity::from_int(rest, a.format()).canonical())
        }
        (Operand::Duration(_), Operand::Duration(0)) => Err(zero()),
        (Operand::Duration(a), Operand::Duration(b)) => make_duration(call, a.wrapping_rem(b)),
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
