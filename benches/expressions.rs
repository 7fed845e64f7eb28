//! Expressions after they were compiled, on a Pod that was already flattened, against the `jmespath` crate in the same
//! run.
//!
//! `cargo bench --bench expressions` prints a line an expression: its name, nanoseconds, how many times faster than the
//! crate's `search`, the least that is promised, and how many times faster than the crate's `interpret`. The same goes
//! to `target/expressions.json`, and with `-- --enforce` a figure below its promise fails the run.
//!
//! `search` is what the crate offers, and takes anything that serde can write; it makes a value of its own of that each
//! time, which is most of what it does here. `interpret` is the part of it that evaluates, on a value that was made
//! before.

#[expect(dead_code, reason = "other benches use the rest")]
mod support;

use jmespath::{Context, DEFAULT_RUNTIME, Rcvar, Variable, interpret};
use kyvc::engine::query::{Evaluator, Query};
use kyvc_vm::document::{Buffers, Document, JsonOptions, read_json};
use serde_json::json;
use std::hint::black_box;
use std::path::PathBuf;
use support::expressions::{EXPRESSIONS, OWN};
use support::measure::{median, ratio, time};
use support::{Failure, object};

/// The figures of an expression.
struct Figures {
    name: &'static str,
    nanoseconds: f64,
    search: Option<(f64, f64)>,
    interpret: Option<f64>,
}

struct Bench {
    text: String,
    value: Rcvar,
    rounds: u32,
}

impl Bench {
    fn new(rounds: u32) -> Result<Self, Failure> {
        let text = String::from_utf8(object("pod.json")?)?;
        let value = Rcvar::new(Variable::from_json(&text)?);
        Ok(Self { text, value, rounds })
    }

    fn document<'d>(&'d self, query: &'d Query) -> Result<Document<'d>, Failure> {
        let options = JsonOptions { floats: true, ..JsonOptions::default() };
        Ok(read_json(&self.text, query.layout(), Buffers::default(), options)?)
    }

    /// Nanoseconds for an evaluation.
    fn alone(&self, query: &Query, document: &Document<'_>) -> f64 {
        let mut evaluator = Evaluator::default();
        let mut work = || _ = black_box(evaluator.evaluate(query, black_box(document))).is_ok();
        median((0..self.rounds).map(|_| time(1000, &mut work) * 1e6).collect())
    }

    fn against_crate(&self, name: &'static str, expression: &str, promised: f64) -> Result<Figures, Failure> {
        let query = Query::compile(expression)?;
        let document = self.document(&query)?;
        let peer = jmespath::compile(expression)?;
        let mut evaluator = Evaluator::default();
        // A wrong answer is no fast answer.
        let ours: serde_json::Value = serde_json::from_str(&evaluator.evaluate(&query, &document)?.json()?)?;
        let theirs: serde_json::Value = serde_json::from_str(&peer.search(&self.value)?.to_string())?;
        if !same(&ours, &theirs) || ours.is_null() {
            return Err(format!("{expression}: {ours} here, {theirs} there").into());
        }
        let nanoseconds = self.alone(&query, &document);
        let mut work = || _ = black_box(evaluator.evaluate(&query, black_box(&document))).is_ok();
        let mut search = || _ = black_box(peer.search(black_box(&self.value))).is_ok();
        let searched = 1.0 / ratio(self.rounds, &mut work, &mut search);
        let mut interpreted = || {
            let mut context = Context::new(expression, &DEFAULT_RUNTIME);
            _ = black_box(interpret(black_box(&self.value), peer.as_ast(), &mut context)).is_ok();
        };
        let interpreted = 1.0 / ratio(self.rounds, &mut work, &mut interpreted);
        Ok(Figures { name, nanoseconds, search: Some((searched, promised)), interpret: Some(interpreted) })
    }

    fn plain(&self, name: &'static str, expression: &str) -> Result<Figures, Failure> {
        let query = Query::compile(expression)?;
        let document = self.document(&query)?;
        Evaluator::default().evaluate(&query, &document)?;
        Ok(Figures { name, nanoseconds: self.alone(&query, &document), search: None, interpret: None })
    }
}

/// Whether two values are the same, numbers by their value.
fn same(a: &serde_json::Value, b: &serde_json::Value) -> bool {
    match (a, b) {
        (serde_json::Value::Number(x), serde_json::Value::Number(y)) => x.as_f64() == y.as_f64(),
        (serde_json::Value::Array(x), serde_json::Value::Array(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y))
        }
        _ => a == b,
    }
}

fn main() -> Result<(), Failure> {
    let has = |name: &str| std::env::args().any(|a| a == name);
    // Without cargo's `--bench` this is a test that it runs.
    let bench = Bench::new(if has("--bench") { 200 } else { 1 })?;
    let mut figures = Vec::new();
    for (name, expression, promised) in EXPRESSIONS {
        figures.push(bench.against_crate(name, expression, promised)?);
    }
    for (name, expression) in OWN {
        figures.push(bench.plain(name, expression)?);
    }
    let shown = |figure: Option<f64>| figure.map_or("-".to_owned(), |f| format!("{f:.2}"));
    for f in &figures {
        let (search, promised) = (f.search.map(|s| s.0), f.search.map(|s| s.1));
        println!("{} {:.0} {} {} {}", f.name, f.nanoseconds, shown(search), shown(promised), shown(f.interpret));
    }
    let list: Vec<_> = figures
        .iter()
        .map(|f| {
            let (search, promised) = (f.search.map(|s| s.0), f.search.map(|s| s.1));
            json!({"name": f.name, "nanoseconds": f.nanoseconds, "search": search, "promised": promised,
                   "interpret": f.interpret})
        })
        .collect();
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from);
    std::fs::create_dir_all(&target)?;
    std::fs::write(target.join("expressions.json"), serde_json::to_string_pretty(&list)?)?;
    let below = figures.iter().filter(|f| f.search.is_some_and(|(found, promised)| found < promised)).count();
    if below > 0 && has("--enforce") {
        return Err(format!("{below} figures are below what is promised").into());
    }
    Ok(())
}
