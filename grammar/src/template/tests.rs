use super::*;
use proptest::prelude::*;

/// The parts, variables as `<expression>`, with `-` for a shallow one and `+` for one that touches.
fn shown(text: &str) -> String {
    let part = |part: &Part<'_>| match part {
        Part::Text { raw, .. } => (*raw).to_owned(),
        Part::Variable(variable) => {
            let sign = if variable.shallow { "-" } else { "" };
            format!("<{sign}{}{}>", if variable.touching { "+" } else { "" }, variable.text)
        }
    };
    parse(text).parts.iter().map(part).collect()
}

#[test]
fn variables() {
    for (text, expected) in [
        ("", ""),
        ("{{ a.b }}", "<a.b>"),
        ("{{}}", "<>"),
        ("x {{\n a }} y {{-  b}}", "x <a> y <-b>"),
        ("{{{a: b}}}", "<{a: b}>"),
        ("{{ a.{b: c}.{d: e} }}", "<a.{b: c}.{d: e}>"),
        ("{{ a.{b: {c: d}} }}", "{{ a.{b: {c: d}} }}"),
        ("{{ a }", "{{ a }"),
        ("{ {a}}", "{ {a}}"),
        ("{{ a } }}", "{{ a } }}"),
        ("{{ a }}}}", "<a>}}"),
        ("\u{e9}{{ a }}\u{e9}", "\u{e9}<a>\u{e9}"),
        ("{{\u{a0}a\u{85}}}", "<a>"),
    ] {
        assert_eq!(shown(text), expected, "{text:?}");
    }
}

#[test]
fn escapes() {
    assert_eq!(shown(r"\{{ a }}"), r"\{{ a }}");
    assert_eq!(shown(r"\\{{ a }}"), r"\\{{ a }}", "a backslash has no escape of its own");
    assert_eq!(shown(r"\{{{ a }}}"), r"\{<a>}", "the brace between them is no backslash");
    assert_eq!(unescape_variables(r"\{{ a }} \$(b)"), r"{{ a }} \$(b)");
    assert_eq!(unescape_variables("a"), "a");
}

#[test]
fn touching_variables() {
    assert_eq!(shown("{{a}}{{b}}{{c}}"), "<a><+b><c>", "the round goes on after the second");
    assert_eq!(shown("{{a}}{{- b}}"), "<a>{{- b}}", "it would end the rounds");
    assert_eq!(shown("{{- a}}{{b}}"), "<-a>{{b}}", "there is no second round");
    assert_eq!(shown("{{a}}{{{b}}}"), "<a>{<b>}", "found in the first round where the brace before it is free");
}

#[test]
fn nested_variables() {
    let template = parse("{{ a.{{b}} }}");
    assert_eq!(shown(template.text), "{{ a.<b> }}");
    assert!(template.nested() && template.rescans());
    for flat in ["{{ a }} {{ b }}", "{{ a }}{{ b }}", r"\{{ a {{ b }}", "{ {{ a }} }", "{{ a.{{- b }} }}", "{{ a"] {
        assert!(!parse(flat).nested(), "{flat:?}");
    }
}

#[test]
fn whole_strings() {
    let text = |text: &'static str| parse(text).whole().map(|variable| variable.text);
    assert_eq!(text("{{ a }}"), Some("a"));
    assert_eq!(text("{{- a }}"), Some("a"));
    assert_eq!(text(" {{ a }}"), None);
    assert_eq!(text("a"), None);
    assert!(!parse("{{ a }}").rescans());
    assert!(parse("{{ a }}").has_variables() && has_variables("x{{}}") && !has_variables(r"\{{}}"));
}

#[test]
fn spans() {
    let text = "\u{e9} {{-  a.b }}$(c)";
    let template = parse(text);
    let variable = *template.variables().next().unwrap();
    assert_eq!(&text[variable.span.range()], "{{-  a.b }}");
    assert_eq!(&text[variable.text_span.range()], "a.b");
    assert_eq!(&text[template.references[0].span.range()], "$(c)");
}

#[test]
fn found_references() {
    let paths = |text| references(text).iter().map(|found| found.path).collect::<Vec<_>>();
    assert_eq!(paths("$(./../a)"), ["./../a"]);
    assert_eq!(paths("x $(<=/a/b) $(c)"), ["<=/a/b", "c"]);
    assert_eq!(paths("$(a)$(b)"), ["a)$(b"], "up to the last parenthesis before a space");
    assert_eq!(paths("$( a)"), [" a"]);
    assert_eq!(paths("$$(a)"), ["a"]);
    for none in ["$()", "$(a", "$(a b)", r"\$(a)", "$ (a)", "$(\n)"] {
        assert_eq!(paths(none), [""; 0], "{none:?}");
    }
    assert!(parse("{{ $(a) }}").has_references());
}

#[test]
fn escaped_references() {
    assert_eq!(unescape_references(r"\$(a) \$(b"), r"$(a) \$(b");
    assert_eq!(unescape_references(r"\$(a b) \$()"), r"\$(a b) \$()");
    assert_eq!(unescape_references("é"), "é");
}

proptest! {
    #[test]
    fn parts_make_the_text(text in r"([{}$()\\ a-]|\{\{|\}\}|\PC){0,24}") {
        let template = parse(&text);
        let mut at = 0;
        for part in &template.parts {
            let span = match part {
                Part::Text { raw, span } => {
                    prop_assert_eq!(*raw, &text[span.range()]);
                    *span
                }
                Part::Variable(variable) => {
                    prop_assert_eq!(variable.text, &text[variable.text_span.range()]);
                    variable.span
                }
            };
            prop_assert_eq!(span.start, at);
            at = span.end;
        }
        prop_assert_eq!(at, text.len());
        prop_assert_eq!(template.has_variables(), has_variables(&text));
        let _ = (unescape_references(&text), unescape_variables(&text));
    }
}
