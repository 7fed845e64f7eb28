//! Comparing versions.

use crate::scalar::semver::{Range, SemverError, Version};
use crate::value::Val;

use super::{Builtin, Call, Failure, Type};

#[cfg(test)]
mod tests;

const STR: &[Type] = &[Type::Str];

/// The functions of this family.
pub(crate) const FUNCTIONS: &[Builtin] = &[Builtin {
    name: "semver_compare",
    args: &[STR, STR],
    variadic: false,
    returns: &[Type::Bool],
    doc: "compares two strings which comply with the semantic versioning schema and outputs a boolean response as to \
          the position of the second relative to the first",
    examples: &[("semver_compare('1.2.3', '>=1.2.0')", "true"), ("semver_compare('1.2.3', '<1.0.0 || 2.x')", "false")],
    pure: true,
    code: compare,
}];

fn compare(call: &mut Call<'_, '_>, args: &[Val]) -> Result<Val, Failure> {
    let text = |index: usize| args.get(index).map_or("", |value| call.str(*value));
    // Kyverno: what is no version counts as 0.0.0.
    let version = Version::parse(text(0)).unwrap_or_default();
    let failed = |problem: &SemverError| Failure::error(problem.to_string());
    let contained = match call.prepared(args.get(1).copied().unwrap_or_default()) {
        Some(prepared) => prepared.range(text(1)).map_err(failed)?.contains(&version),
        None => Range::parse(text(1)).map_err(|problem| failed(&problem))?.contains(&version),
    };
    contained.map(Val::Bool).map_err(|problem| failed(&problem))
}
