//! One snapshot a stage for each sample: what a policy is read as, lowered to, compiled to, and what it says of the
//! manifests beside it. A reviewer sees at which stage a change starts.

#![expect(clippy::unwrap_used, reason = "a test whose files or processes are missing has to fail")]

use kyvc::diag::{Source, render};
use kyvc::engine::{
    CompileOptions, Engine, Host, Mutated, NoHost, PolicySet, Request, TargetSelector, Versions, assembly,
    compile_sources,
};
use kyvc::report::explain::json::Json;
use kyvc::report::explain::text::Text;
use kyvc::report::explain::{Story, Writer};
use kyvc::report::rows::{Resource, Totals};
use kyvc::yaml::{ReadOptions, go_json};
use kyvc::{ir, manifest, policy};
use kyvc_vm::document::{Document, Layout};
use std::fmt::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn samples(folder: &str) -> Vec<(String, Arc<Source>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&root).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "yaml"));
    files.sort();
    assert!(!files.is_empty(), "no samples in {folder}");
    let named = |f: &PathBuf| {
        let name = f.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(f).unwrap();
        (name.clone(), Source::new(format!("{name}.yaml"), text))
    };
    files.iter().map(named).collect()
}

fn check(stage: &str, name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(stage));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn stages() {
    for (name, source) in samples("tests/samples") {
        let compiled = compile_sources(std::slice::from_ref(&source), CompileOptions::default());
        assert!(compiled.diagnostics.is_empty(), "{name}: {:?}", compiled.diagnostics);
        let ast: String = compiled.units.iter().map(|u| policy::print::print(&u.policy)).collect();
        check("ast", &name, &ast);
        let lowered: String = compiled.units.iter().flat_map(|u| &u.rules).map(|(r, _)| ir::print(r)).collect();
        check("ir", &name, &lowered);
        check("asm", &name, &assembly(&compiled.set, &compiled.units));
        let mut verdicts = String::new();
        let options = ReadOptions { places: true, ..ReadOptions::default() };
        let (mut engine, mut traced) = (Engine::default(), Engine::default());
        traced.set_traced(true);
        let others = Others(deployments(&source));
        let problems = manifest::read(&source, compiled.set.program().layout(), options, &mut |doc| {
            let resource = Resource::of(doc);
            if resource.api_version.starts_with("kyverno.io/") {
                return ControlFlow::Continue(());
            }
            writeln!(verdicts, "{}", resource.path()).unwrap();
            for &policy in compiled.set.cleaning() {
                if let Some(v) = engine.cleanup(&compiled.set, policy, &Request::create(doc), &NoHost) {
                    writeln!(verdicts, "  {} {}: {}", v.info.name, v.status.name(), v.message()).unwrap();
                }
            }
            let versions = Versions::default();
            let Some(doc) = mutated(&mut engine, &compiled.set, doc, &versions, &others, &mut verdicts) else {
                return ControlFlow::Continue(());
            };
            generated(&mut engine, &compiled.set, doc, &mut verdicts);
            // Who is watched does the same.
            let mut watched = Vec::new();
            traced.check(&compiled.set, &Request::create(doc), |v| watched.push((v.rule, v.status, v.message())));
            assert!(traced.take_traces().len() >= watched.len(), "{name}");
            let mut watched = watched.into_iter();
            engine.check(&compiled.set, &Request::create(doc), |v| {
                assert_eq!(Some((v.rule, v.status, v.message())), watched.next(), "{name}");
                let place = format!("{}:{}", v.place.line, v.place.column);
                writeln!(verdicts, "  {} {} @{place}: {}", v.info.name, v.status.name(), v.message()).unwrap();
                v.properties.iter().for_each(|(k, p)| writeln!(verdicts, "    {k}: {p}").unwrap());
            });
            ControlFlow::Continue(())
        });
        assert!(problems.is_empty(), "{name}: {problems:?}");
        check("verdict", &name, &verdicts);
    }
}

/// The objects that rules change besides the one they are about.
struct Others(Vec<String>);

impl Host for Others {
    fn targets(&self, selector: &TargetSelector) -> Option<Result<Vec<String>, String>> {
        assert_eq!(selector.kind, "Deployment");
        Some(Ok(self.0.clone()))
    }
}

fn deployments(source: &Arc<Source>) -> Vec<String> {
    let layout = Layout::everything();
    let mut found = Vec::new();
    manifest::read(source, &layout, ReadOptions::default(), &mut |doc| {
        let json = go_json(doc, doc.root().unwrap());
        found.extend((Resource::of(doc).kind == "Deployment").then_some(json));
        ControlFlow::Continue(())
    });
    found
}

/// What rules make of an object; nothing is left of it where one of them fails.
fn mutated<'d>(
    engine: &mut Engine,
    set: &PolicySet,
    doc: &'d Document<'d>,
    versions: &'d Versions<'d>,
    host: &dyn Host,
    out: &mut String,
) -> Option<&'d Document<'d>> {
    let json = |doc: &Document<'_>| go_json(doc, doc.root().unwrap());
    let mut now = doc;
    for &policy in set.mutating() {
        let made = engine.mutate(set, policy, &Request::create(now), versions, host, |v, target| {
            writeln!(out, "  {} {}: {}", v.info.name, v.status.name(), v.message()).unwrap();
            if let Some(target) = target {
                writeln!(out, "    {}", json(target)).unwrap();
            }
        });
        match made {
            Mutated::Same => {}
            Mutated::Changed(doc) => {
                writeln!(out, "  now {}", json(doc)).unwrap();
                now = doc;
            }
            Mutated::Lost => {
                writeln!(out, "  lost").unwrap();
                return None;
            }
        }
    }
    Some(now)
}

/// What rules want to be made for an object.
fn generated(engine: &mut Engine, set: &PolicySet, doc: &Document<'_>, out: &mut String) {
    for &policy in set.generating() {
        engine.generate(set, policy, &Request::create(doc), &NoHost, |v, wanted| {
            writeln!(out, "  {} {}: {}", v.info.name, v.status.name(), v.message()).unwrap();
            for one in wanted {
                match one {
                    Ok(json) => writeln!(out, "    make {json}").unwrap(),
                    Err(why) => writeln!(out, "    but {why}").unwrap(),
                }
            }
        });
    }
}

#[test]
fn diagnostics() {
    for (name, source) in samples("tests/samples/diag") {
        let options = CompileOptions { only_policies: true, ..CompileOptions::default() };
        let compiled = compile_sources(std::slice::from_ref(&source), options);
        assert!(!compiled.diagnostics.is_empty(), "{name}");
        let rendered: String = compiled.diagnostics.iter().map(|d| format!("{}\n", render::render(d, false))).collect();
        check("diag", &format!("policy-{name}"), &rendered);
    }
}

#[test]
fn explanations() {
    for (name, source) in samples("tests/samples/explain") {
        let compiled = compile_sources(std::slice::from_ref(&source), CompileOptions::default());
        assert!(compiled.diagnostics.is_empty(), "{name}: {:?}", compiled.diagnostics);
        let mut engine = Engine::default();
        engine.set_traced(true);
        let mut out = Vec::new();
        let mut json = Vec::new();
        let mut text = Text::new(&compiled.set, &compiled.units, &mut out);
        let mut list = Json::new(&compiled.set, &mut json).unwrap();
        let mut totals = Totals::default();
        let options = ReadOptions { places: true, ..ReadOptions::default() };
        let problems = manifest::read(&source, compiled.set.program().layout(), options, &mut |doc| {
            if !Resource::of(doc).api_version.starts_with("kyverno.io/") {
                let story = Story::of(&compiled.set, &mut engine, doc, &source, |_| true);
                totals.add(&story.results(&compiled.set));
                text.story(&story).unwrap();
                list.story(&story).unwrap();
            }
            ControlFlow::Continue(())
        });
        assert!(problems.is_empty(), "{name}: {problems:?}");
        text.end(&totals).unwrap();
        list.end(&totals).unwrap();
        check("explain", &name, &anstream::adapter::strip_str(std::str::from_utf8(&out).unwrap()).to_string());
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(json["summary"]["pass"], totals.summary.pass, "{name}");
    }
}
