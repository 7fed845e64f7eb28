use super::render::{explain, render};
use super::*;
use std::fmt::Write;

const POLICY: &str = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata:\n  name: näme\nspec:\n  rules:\n  - name: a\n    valdate: {}\n  - name: a\n";

fn at(source: &Arc<Source>, line: u32, column: u32, len: usize) -> Label {
    Label::new(source, Place { line, column }).len(len)
}

fn snapshot(name: &str, diagnostic: &Diagnostic) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/diag"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        let text = format!("{}\n\n{}", render(diagnostic, false), diagnostic.one_line());
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn one_place_with_help() {
    let source = Source::new("policy.yaml", POLICY);
    let d = Diagnostic::new(Code::UnknownField, "unknown field `spec.rules[0].valdate`")
        .at(at(&source, 8, 5, 7))
        .help("did you mean `validate`?");
    snapshot("one_place_with_help", &d);
}

#[test]
fn two_places() {
    let source = Source::new("policy.yaml", POLICY);
    let d = Diagnostic::new(Code::DuplicateRule, "two rules are named `a`")
        .at(at(&source, 9, 11, 1).text("here again"))
        .label(at(&source, 7, 11, 1).text("first here"));
    snapshot("two_places", &d);
}

#[test]
fn two_sources() {
    let (a, b) = (Source::new("a.yaml", POLICY), Source::new("<stdin>", "x: 1\n"));
    let d = Diagnostic::new(Code::WrongType, "`x` has to be a string, found a number")
        .at(at(&b, 1, 4, 1))
        .label(at(&a, 4, 9, 4).text("used by this policy"));
    snapshot("two_sources", &d);
}

#[test]
fn no_place() {
    snapshot("no_place", &Diagnostic::new(Code::NothingMatched, "no object matched any rule"));
}

#[test]
fn whole_file() {
    let source = Source::new("empty.yaml", "");
    snapshot("whole_file", &Diagnostic::new(Code::EmptyFile, "the file is empty").at(Label::whole(&source)));
}

#[test]
fn end_of_text() {
    let source = Source::new("cut.json", "{\"a\":\n");
    let d = Diagnostic::new(Code::JsonSyntax, "the text ends where a value was expected").at(at(&source, 2, 1, 1));
    snapshot("end_of_text", &d);
}

#[test]
fn long_line_in_a_huge_text() {
    let mut text = String::from("{");
    for i in 0..400_000 {
        let _ = write!(text, "\"key{i}\": \"välue\", ");
    }
    let column = text.chars().count() / 2;
    let source = Source::new("huge.json", text);
    let place = Place { line: 1, column: u32::try_from(column).unwrap() };
    let d = Diagnostic::new(Code::JsonSyntax, "expected `:`").at(Label::new(&source, place));
    snapshot("long_line_in_a_huge_text", &d);
}

#[test]
fn colour_only_if_asked() {
    let d = Diagnostic::new(Code::YamlSyntax, "x");
    assert!(!render(&d, false).contains('\u{1b}'));
    assert!(render(&d, true).contains('\u{1b}'));
    assert_eq!(explain(Code::YamlSyntax), "error[K0101] YamlSyntax: The text is not valid YAML.");
}

#[test]
fn places_outside_the_text_do_not_panic() {
    let source = Source::new("p.yaml", "a: ü\r\nb");
    for line in 0..5 {
        for column in 0..8 {
            for len in [0, 1, 100] {
                let d = Diagnostic::new(Code::YamlSyntax, "x").at(at(&source, line, column, len));
                let d = d.label(at(&source, 1, column, len)).label(at(&source, line, 3, 1));
                assert!(render(&d, false).contains("p.yaml"));
            }
        }
    }
}

#[test]
fn a_result_with_a_diagnostic_is_small() {
    assert!(size_of::<Diagnostic>() < 128);
}
