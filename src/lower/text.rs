//! Strings with `{{ }}` variables to expressions.

use super::jmespath;
use crate::diag::Code;
use crate::ir::Expr;
use crate::policy::fields::Problems;
use kyvc_grammar::template::{self, Part, Variable, unescape_variables};
use kyvc_vm::document::Place;

/// Lowers a string. `path` is where it stands in the value that Kyverno substitutes, for its messages.
pub fn lower(text: &str, place: Place, path: &str, problems: &Problems) -> Expr {
    let template = template::parse(text);
    if template.has_references() {
        let message = "a reference `$( )` is not compiled yet";
        problems.add(Code::ExpressionNotCompiled, place, message);
    }
    if !template.has_variables() {
        return Expr::Str(unescape_variables(text).into_owned());
    }
    if template.variables().any(|v| v.shallow) {
        let message = "a shallow variable `{{- }}` is not compiled yet";
        problems.add(Code::ExpressionNotCompiled, place, message);
        return Expr::Str(text.to_owned());
    }
    if let Some(whole) = template.whole() {
        return variable(whole, place, path, problems);
    }
    let nested = template.nested();
    let part = |p: &Part<'_>| match p {
        // What is evaluated once more keeps its escapes for that.
        Part::Text { raw, .. } if nested => Expr::Str((*raw).to_owned()),
        Part::Text { raw, .. } => Expr::Str(unescape_variables(raw).into_owned()),
        Part::Variable(v) => variable(v, place, path, problems),
    };
    let joined = Expr::Join(template.parts.iter().map(part).collect());
    if nested { Expr::Eval(Box::new(joined)) } else { joined }
}

fn variable(v: &Variable<'_>, place: Place, path: &str, problems: &Problems) -> Expr {
    // Multi-line scalars are folded, so that a column inside the text is only right on its first line.
    let inside = Place { column: place.column + u32::try_from(v.text_span.start).unwrap_or(0), ..place };
    let value = jmespath::lower(v.text, inside, problems);
    Expr::Variable { text: v.text.to_owned(), path: path.to_owned(), value: Box::new(value) }
}
