//! Tests of policies: `kyverno-test.yaml` files with policies, resources, and what is expected of them.
//!
//! `file` finds and reads the tests, `selector` picks expected results, `run` asks the policies about the resources, and
//! `judge` compares with what is expected; `compare` and `diff` do that for whole resources.

mod compare;
mod diff;
mod file;
mod judge;
mod payload;
mod run;
mod selector;

use crate::diag::Diagnostic;
use crate::fetch;
use crate::offline::git::{Access, Checkout};
use crate::report::test_rows::{Counts, Row};
use file::{Case, Expected, Test};
use judge::Judge;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use run::Run;
use selector::Selector;

/// How tests are run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Which expected results are looked at
    pub selector: String,
    /// Whether image registries may be asked
    pub registry: bool,
    /// Whether differences are shown without colours
    pub remove_color: bool,
}

/// Tests that were found.
#[derive(Debug)]
pub struct Suite {
    cases: Vec<Case>,
    /// The repositories that some of them are in
    _checkouts: Vec<Checkout>,
    selector: Selector,
    options: Options,
}

/// What a test came to.
#[derive(Debug)]
pub struct Report {
    /// The lines that tell of its progress
    pub progress: Vec<u8>,
    /// What is to be said about its policies and resources besides
    pub diagnostics: Vec<Diagnostic>,
    /// The rows, or why there are none
    pub rows: Result<Vec<Row>, String>,
    /// How many of these are good
    pub counts: Counts,
}

impl Suite {
    /// Finds the tests in folders or repositories and all folders in them.
    ///
    /// # Errors
    /// Says which folder cannot be read, or why a repository cannot be fetched.
    pub fn find(folders: &[String], file_name: &str, git: Access<'_>, options: Options) -> Result<Self, String> {
        let (mut cases, mut checkouts) = (Vec::new(), Vec::new());
        for folder in folders {
            if !fetch::is_url(folder) {
                cases.extend(file::find(folder, file_name)?);
                continue;
            }
            let checkout = Checkout::of_tests(folder, git)?;
            let Some(folder) = checkout.folder() else {
                return Err("error: failed to list YAMLs in repository (file does not exist)".to_owned());
            };
            cases.extend(file::find_in(&checkout.root(), folder, file_name)?);
            checkouts.push(checkout);
        }
        Ok(Self { cases, _checkouts: checkouts, selector: Selector::new(&options.selector), options })
    }

    /// Whether there is no test.
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    /// What is wrong with the selector.
    pub fn selector_errors(&self) -> &[String] {
        &self.selector.errors
    }

    /// The tests that cannot be read: their files, and why.
    pub fn errors(&self) -> impl Iterator<Item = (&str, &str)> {
        self.cases.iter().filter_map(|c| Some((c.path.as_str(), c.test.as_ref().err()?.as_str())))
    }

    /// Runs the tests up to the first whose file is of a form that Kyverno gave up, and gives that file. Tests of which no
    /// result is selected have no report.
    pub fn run(&self) -> (Vec<Report>, Option<&str>) {
        let tests: Vec<(&Case, &Test)> = self.cases.iter().filter_map(|c| Some((c, c.test.as_ref().ok()?))).collect();
        let old = tests.iter().position(|(_, test)| test.is_deprecated());
        let tests = tests.get(..old.unwrap_or(tests.len())).unwrap_or_default();
        let one = |(case, test): &(&Case, &Test)| self.case(case, test);
        let reports = match tests {
            [test] => one(test).into_iter().collect(),
            tests => tests.par_iter().filter_map(one).collect(),
        };
        let old = old.and_then(|_| self.cases.iter().find(|c| c.test.as_ref().is_ok_and(Test::is_deprecated)));
        (reports, old.map(|c| c.path.as_str()))
    }

    fn case(&self, case: &Case, test: &Test) -> Option<Report> {
        let resources = self.selector.resources();
        let expected: Vec<Expected> = test
            .results()
            .iter()
            .filter(|e| self.selector.selects(e))
            .map(|e| match resources.is_empty() {
                true => e.clone(),
                false => Expected { resources: Some(resources.clone()), ..e.clone() },
            })
            .collect();
        if expected.is_empty() {
            return None;
        }
        let mut report =
            Report { progress: Vec::new(), diagnostics: Vec::new(), rows: Ok(Vec::new()), counts: Counts::default() };
        let folder = case.folder();
        let mut run = Run::new(folder.clone(), test, self.options.registry, &mut report.progress);
        let done = run.run(&case.path);
        report.diagnostics = std::mem::take(&mut run.diagnostics);
        report.rows = done.map_err(|e| folder.hide(&e)).map(|done| {
            let mut judge = Judge {
                set: &done.set,
                all: &done.all,
                folder: &folder,
                remove_color: self.options.remove_color,
                counts: &mut report.counts,
                rows: Vec::new(),
            };
            expected.iter().for_each(|e| judge.expected(e));
            judge.rows
        });
        if case.root.is_some() {
            report.progress = folder.hide(&String::from_utf8_lossy(&report.progress)).into_bytes();
        }
        Some(report)
    }
}
