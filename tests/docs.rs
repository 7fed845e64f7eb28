//! The pages in `docs/` are printed from the tables that the code is made of. A page that is behind its table fails
//! here; `KYVC_DOCS_BLESS=1 cargo test --test docs` prints them again.

#![expect(clippy::unwrap_used, reason = "a test whose files are missing has to fail")]

use kyvc::diag::{Code, Severity};
use kyvc::engine::query;
use kyvc_vm::builtin::{self, Builtin};
use kyvc_vm::op;
use std::fmt::Write as _;
use std::path::Path;

/// How much the page shows of an expression: some have certificates inside.
const SHOWN: usize = 100;

#[test]
fn functions() {
    let mut page = String::from(
        "# Functions\n\nWhat expressions can call. Signatures, and the notes on Kyverno's own functions, are those that \
         `kyverno jp function` and\n`kyvc jp function` print; each example runs as a test, on `{}`. The last argument \
         of a function marked with `...` may be\nrepeated.\n",
    );
    for (title, standard) in [("Kyverno's own", false), ("JMESPath's", true)] {
        writeln!(page, "\n## {title}").unwrap();
        for function in builtin::table().iter().filter(|f| f.is_standard() == standard) {
            page.push_str(&function_entry(function));
        }
    }
    check("functions.md", &page);
}

fn function_entry(function: &Builtin) -> String {
    let repeated = if function.variadic { " ..." } else { "" };
    let mut entry = format!("\n### {}\n\n`{}`{repeated}\n\n", function.name, function.signature());
    writeln!(entry, "{}.", function.doc.trim().trim_end_matches('.')).unwrap();
    if !function.pure {
        writeln!(entry, "\nIt is evaluated anew at every call, also where its arguments are constants.").unwrap();
    }
    entry.push_str("\n```text\n");
    for (expression, result) in function.examples {
        let mut shown: String = expression.chars().take(SHOWN).collect();
        if shown.len() < expression.len() {
            shown.push('…');
        }
        writeln!(entry, "{}\n  => {result}", shown.replace('\n', "\\n")).unwrap();
    }
    entry.push_str("```\n");
    entry
}

#[test]
fn every_function_has_examples_that_hold() {
    for function in builtin::table() {
        assert!(!function.doc.is_empty() && !function.examples.is_empty(), "{}", function.name);
        for (expression, result) in function.examples {
            assert!(expression.contains(&format!("{}(", function.name)), "{expression}");
            assert_eq!(query::evaluate(expression, "{}", false).as_deref(), Ok(*result), "{expression}");
        }
    }
}

#[test]
fn opcodes() {
    let page = format!(
        "# Operations\n\nThe machine's instructions. One has up to three operands, `a`, `b` and `c`, of 8, 16 and 32 \
         bits: `def` is a register that is\nwritten, `use` one that is read, `mut` one that is both. Fuel is what an \
         instruction takes of a run's budget, beside what its\nwork takes by size.\n\n{}",
        op::reference()
    );
    check("opcodes.md", &page);
}

#[test]
fn diagnostics() {
    let mut page = String::from(
        "# Diagnostics\n\nWhat `kyvc` says of texts, policies and runs carries one of these numbers, which are never \
         used for something else.\n\n| number | severity | name | meaning |\n|---|---|---|---|\n",
    );
    for code in Code::ALL {
        let severity = match code.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        writeln!(page, "| `{code}` | {severity} | {} | {} |", code.name(), code.explain().replace('|', "\\|")).unwrap();
    }
    check("diagnostics.md", &page);
}

/// Compares a page with the file, or writes it.
fn check(name: &str, page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if std::env::var_os("KYVC_DOCS_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, page).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == page, "docs/{name} is behind its table; KYVC_DOCS_BLESS=1 cargo test --test docs writes it");
}
