//! Compares `podSecurity` rules with recordings of Kyverno's own handler.
//!
//! `KYVC_POD_SECURITY` names a file with a JSON object a line: `rule` as it stands under `validate.podSecurity`, the text of
//! an `object`, `exceptions` with `key` and `exclude`, and in `expected` Kyverno's `status` and `message`, and of each of
//! its `checks` the `id`, `reason`, `detail` and the `images` of containers that reports show. `unstable` says that Kyverno
//! itself answers differently from run to run.

#![expect(clippy::unwrap_used, reason = "a test whose recordings are broken has to fail")]

use kyvc::engine::pod_security::{Exception, Outcome, check, controls, detail, failure, pass, reason};
use kyvc_vm::document::{Buffers, JsonOptions, Layout, LayoutBuilder, read_json};
use kyvc_vm::pod_security::{Control, Exclusion, Facts, Level, Pod, Rule, Schema, Version};
use kyvc_vm::scalar::Glob;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    rule: Written,
    #[serde(default)]
    exceptions: Vec<WrittenException>,
    object: String,
    expected: Expected,
}

#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    level: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    exclude: Vec<WrittenExclusion>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenExclusion {
    control_name: String,
    #[serde(default)]
    images: Vec<String>,
    #[serde(default)]
    restricted_field: String,
    #[serde(default)]
    values: Vec<String>,
}

#[derive(Deserialize)]
struct WrittenException {
    key: String,
    #[serde(default)]
    exclude: Vec<WrittenExclusion>,
}

#[derive(Deserialize)]
struct Expected {
    status: String,
    message: String,
    checks: Option<Vec<ExpectedCheck>>,
    #[serde(default)]
    unstable: bool,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct ExpectedCheck {
    id: String,
    reason: String,
    detail: String,
    images: Option<Vec<String>>,
}

fn exclusions(written: &[WrittenExclusion]) -> Vec<Exclusion> {
    let globs = |texts: &[String]| texts.iter().map(|t| Glob::new(t)).collect();
    let one = |w: &WrittenExclusion| Exclusion {
        control: Control::parse(&w.control_name).unwrap(),
        images: globs(&w.images),
        field: w.restricted_field.as_str().into(),
        values: globs(&w.values),
    };
    written.iter().map(one).collect()
}

/// The parts of a message that stand for one check each, with their fields, in order.
fn sorted(message: &str) -> Vec<String> {
    let mut parts: Vec<String> = message
        .split("(Forbidden reason: ")
        .map(|part| {
            let mut fields: Vec<_> = part.trim_end_matches("])").split([',', '[']).map(str::trim).collect();
            fields.sort_unstable();
            fields.join("\n")
        })
        .collect();
    parts.sort_unstable();
    parts
}

fn compare(case: &Case, schema: &Schema, layout: &Layout, facts: &mut Facts) -> Result<(), String> {
    let text = case.object.as_str();
    let mut doc = read_json(text, layout, Buffers::default(), JsonOptions::default()).map_err(|e| e.to_string())?;
    doc.numbers_to_floats();
    let root = doc.root().unwrap();
    let whole: serde_json::Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let kind = whole.get("kind").and_then(serde_json::Value::as_str).unwrap_or_default();
    let rule = Rule {
        level: Level::parse(&case.rule.level).unwrap_or_default(),
        version: Version::parse(&case.rule.version).unwrap_or_default(),
        exclude: exclusions(&case.rule.exclude),
    };
    let excluded: Vec<_> = case.exceptions.iter().map(|e| (e.key.as_str(), exclusions(&e.exclude))).collect();
    let exceptions: Vec<_> = excluded.iter().map(|(key, exclude)| Exception { key, exclude }).collect();
    let pod = Pod::read(schema, &doc, root, kind, facts);
    let outcome = check(pod.as_ref().copied(), &rule, &exceptions);
    let (status, message, violations) = match &outcome {
        Outcome::Pass => ("pass", pass("r"), &[][..]),
        Outcome::Skip(text) => ("skip", text.clone(), &[][..]),
        Outcome::Error(text) => ("error", text.clone(), &[][..]),
        Outcome::Fail(violations) => ("fail", failure("r", &rule, kind, violations), violations.as_slice()),
    };
    let expected = &case.expected;
    let found = || format!("{status}: {message}");
    if status != expected.status {
        return Err(found());
    }
    // With exclusions Kyverno lists checks in Go's random order of maps, and annotations always.
    let random = !rule.exclude.is_empty() || !exceptions.is_empty() || text.contains("annotations");
    let same = message == expected.message || (random && sorted(&message) == sorted(&expected.message));
    if !same {
        return Err(found());
    }
    let Some(mut checks) = expected.checks.clone() else { return Ok(()) };
    let Ok(pod) = pod else { return Err(found()) };
    let mut ours: Vec<_> = violations
        .iter()
        .zip(controls(pod, violations))
        .map(|(v, control)| ExpectedCheck {
            id: control.id.to_owned(),
            reason: reason(v).to_owned(),
            detail: detail(v),
            images: control.images,
        })
        .collect();
    // Kyverno looks for images in keys of the right case only.
    if !std::ptr::eq(pod.document(), &raw const doc) {
        checks.iter_mut().chain(&mut ours).for_each(|check| check.images = None);
    }
    checks.sort();
    ours.sort();
    if checks == ours { Ok(()) } else { Err(format!("{ours:#?}\nexpected {checks:#?}")) }
}

#[test]
fn recordings() {
    let Ok(path) = std::env::var("KYVC_POD_SECURITY") else {
        return println!("skipped: KYVC_POD_SECURITY names no recordings");
    };
    let text = std::fs::read_to_string(path).unwrap();
    let mut builder = LayoutBuilder::default();
    Schema::want(&mut builder, true);
    let layout = builder.finish();
    let (bound, mut facts) = (Schema::new(&layout), Facts::default());
    let everything = Layout::everything();
    let (mut compared, mut passed_over, mut wrong) = (0, 0, Vec::new());
    for (number, line) in text.lines().enumerate() {
        let case: Case = serde_json::from_str(line).unwrap_or_else(|e| panic!("line {}: {e}", number + 1));
        if case.expected.unstable || case.expected.status == "panic" {
            passed_over += 1;
            continue;
        }
        compared += 1;
        for layout in [&layout, &everything] {
            if let Err(found) = compare(&case, &bound, layout, &mut facts) {
                let expected = &case.expected;
                wrong.push(format!(
                    "line {}\n{line}\nexpected {}: {}\nfound    {found}",
                    number + 1,
                    expected.status,
                    expected.message
                ));
                break;
            }
        }
    }
    println!("{compared} compared, {} different, {passed_over} passed over", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.iter().take(5).cloned().collect::<Vec<_>>().join("\n\n"));
}

#[test]
fn a_pod_that_passes_allocates_nothing() {
    let text = include_str!("../benches/data/pod.json");
    let mut builder = LayoutBuilder::default();
    Schema::want(&mut builder, true);
    let layout = builder.finish();
    let (schema, mut facts) = (Schema::new(&layout), Facts::default());
    let doc = read_json(text, &layout, Buffers::default(), JsonOptions::default()).unwrap();
    let rule = Rule { level: Level::Restricted, version: Version::Latest, exclude: Vec::new() };
    let mut again = || {
        let pod = Pod::read(&schema, &doc, doc.root().unwrap(), "Pod", &mut facts);
        assert_eq!(check(pod.as_ref().copied(), &rule, &[]), Outcome::Pass);
    };
    again();
    let made = allocation_counter::measure(again);
    assert_eq!((made.count_total, made.bytes_total), (0, 0), "{made:?}");
}
