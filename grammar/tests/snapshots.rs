//! The trees of a few expressions, kept under `snapshots/grammar`.

use bumpalo::Bump;
use kyvc_grammar::jmespath;

const EXPRESSIONS: &[(&str, &str)] = &[
    ("field", "request.object.metadata.name"),
    ("quoted", "metadata.annotations.\"a.b/c\""),
    ("index", "spec.containers[-1].image"),
    ("slice", "list[1:-1:2].name"),
    ("list_projection", "spec.containers[*].ports[*].containerPort"),
    ("value_projection", "volumes.*.name"),
    ("value_projection_chain", "a.*.b.c"),
    ("filter", "containers[?name == 'a' && image].image | [0]"),
    ("filter_chain", "a[?b].c[?d].e"),
    ("flatten", "[a, b[]][].c[].d"),
    ("projected_list", "a[*][b, c][0]"),
    ("projection_ends", "a[*].[b].c"),
    ("hash", "{a: b, \"c d\": *}"),
    ("dotted_hash", "a.{b: c}.b"),
    ("function", "contains(keys(@), 'x')"),
    ("loose_arguments", "f(a b, c,)"),
    ("reference", "max_by(people, &age || `0`)"),
    ("literal", "`{\"a\": [1, 2.5, 1e21, null, true, \"x\\n\"]}`"),
    ("raw", "'it\\'s \\n'"),
    ("comparators", "a < b == c >= `1`"),
    ("precedence", "a || b && c == d | e"),
    ("parentheses", "((a || b) && c).d"),
    ("not", "!a.b && !(c.d)"),
    ("current", "@ | @.a[]"),
    ("typical", "request.object.spec.[initContainers, containers][].image[] | length(@)"),
    ("nothing", "``"),
    ("no_operand", "a && "),
];

#[test]
fn trees() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/grammar"));
    settings.set_prepend_module_to_snapshot(false);
    for (name, text) in EXPRESSIONS {
        let bump = Bump::new();
        let tree = match jmespath::parse(&bump, text) {
            Ok(expr) => format!("{expr}\n\n{}", expr.tree()),
            Err(error) => format!("{error}\n\n{text}\n{:>1$}", "^", error.offset + 1),
        };
        settings.set_description(*text);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(*name, tree));
    }
}
