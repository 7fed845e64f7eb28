//! `pattern`: a scalar of a pattern against a value.

use crate::conformance::data::Datum;
use crate::conformance::suite::{Outcome, cases, same};
use kyvc_grammar::scalar as surface;
use kyvc_vm::scalar::{Op, Scalar, ScalarPattern, Term};
use std::path::Path;

/// Runs the suite.
pub(crate) fn run(root: &Path) -> Result<Outcome, String> {
    cases(root, "patterns.json", &["pattern"], check)
}

fn check(case: Datum<'_>) -> Result<(), String> {
    let (pattern, value) = (case.need("pattern")?, case.need("value")?);
    let want = case.need("result")?.scalar() == Scalar::Bool(true);
    let got = compiled(pattern.scalar()).matches(value.scalar());
    same(&format!("{} on {}", pattern.json(), value.json()), &want, &got)
}

fn compiled(pattern: Scalar<'_>) -> ScalarPattern {
    match pattern {
        Scalar::Null => ScalarPattern::null(),
        Scalar::Bool(value) => ScalarPattern::bool(value),
        Scalar::Int(value) => ScalarPattern::int(value),
        Scalar::Float(value) => ScalarPattern::float(value),
        Scalar::Str(source) => {
            let parsed = surface::parse(source);
            ScalarPattern::text(source, parsed.any.iter().map(|all| all.iter().map(term)))
        }
        Scalar::List => ScalarPattern::list_type(),
        Scalar::Map => ScalarPattern::map_type(),
    }
}

fn term<'a>(term: &surface::Term<'a>) -> Term<'a> {
    let op = match term.op {
        surface::Op::Equal => Op::Equal,
        surface::Op::NotEqual => Op::NotEqual,
        surface::Op::More => Op::More,
        surface::Op::Less => Op::Less,
        surface::Op::MoreEqual => Op::MoreEqual,
        surface::Op::LessEqual => Op::LessEqual,
        surface::Op::InRange { low, high } => Op::InRange { low, high },
        surface::Op::NotInRange { low, high } => Op::NotInRange { low, high },
    };
    Term { op, operand: term.operand }
}
