//! Metrics under Kyverno's names, as Prometheus reads them.
//!
//! Every thread counts for itself, by label texts that it already has, so that counting costs neither allocations nor
//! waiting; they are added up when somebody asks. The number of series is limited: whoever makes requests chooses labels.

mod histogram;
mod names;

pub(super) use names::{Labels, Names, RuleNames};

use super::lock;
use crate::engine::Status;
use histogram::Histogram;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

/// How many different requests a thread tells apart, and how many results of rules.
const SERIES: usize = 2048;
const RESULTS: usize = 16 * SERIES;
/// How many rules that are not there any more are remembered.
const GONE: usize = 1024;

/// What requests are counted under beyond that.
const OTHER: &str = "resource_kind=\"other\",resource_namespace=\"other\",resource_request_operation=\"other\"";

/// All that is counted.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    threads: Mutex<Vec<Arc<Mutex<Counts>>>>,
    /// The rules, by their numbers
    pub(super) rules: Names,
}

/// What one thread has counted.
#[derive(Debug, Default)]
pub(super) struct Counts {
    admission: HashMap<Box<str>, Histogram>,
    http: HashMap<Box<str>, Histogram>,
    /// What requests were about, by their numbers in this thread
    abouts: HashMap<Box<str>, u32>,
    /// By what they were about, by rule, and by result
    results: FxHashMap<(u32, u32, Status), Histogram>,
}

fn add(to: &mut HashMap<Box<str>, Histogram>, labels: &str, seconds: f64, beyond: &str) {
    if let Some(histogram) = to.get_mut(labels) {
        return histogram.add(seconds);
    }
    let labels = if to.len() < SERIES { labels } else { beyond };
    to.entry(labels.into()).or_default().add(seconds);
}

impl Counts {
    /// A request for admission has been answered.
    pub(super) fn admission(&mut self, about: &Labels, seconds: f64) {
        add(&mut self.admission, about.text(), seconds, OTHER);
    }

    /// A request of HTTP has been answered.
    pub(super) fn http(&mut self, labels: &Labels, seconds: f64) {
        add(&mut self.http, labels.text(), seconds, "http_method=\"other\"");
    }

    /// The number of what a request is about.
    pub(super) fn about(&mut self, about: &Labels) -> u32 {
        if let Some(number) = self.abouts.get(about.text()) {
            return *number;
        }
        let number = u32::try_from(self.abouts.len()).unwrap_or(u32::MAX);
        let text = if self.abouts.len() < SERIES { about.text() } else { OTHER };
        *self.abouts.entry(text.into()).or_insert(number)
    }

    /// A rule has said something of a request.
    pub(super) fn result(&mut self, about: u32, rule: u32, status: Status, seconds: f64) {
        let key = (about, rule, status);
        if let Some(histogram) = self.results.get_mut(&key) {
            histogram.add(seconds);
        } else if self.results.len() < RESULTS {
            self.results.entry(key).or_default().add(seconds);
        }
    }
}

impl Metrics {
    /// The counts of a thread that is new. It goes on with those of one that has ended, where there is one.
    pub(super) fn thread(&self) -> Arc<Mutex<Counts>> {
        let mut threads = lock(&self.threads);
        if let Some(left) = threads.iter().find(|c| Arc::strong_count(c) == 1) {
            return left.clone();
        }
        let counts = Arc::<Mutex<Counts>>::default();
        threads.push(counts.clone());
        counts
    }

    /// There are other rules now. Results of those that are gone stay, as far as they are not too many.
    pub(super) fn exchange(&self, rules: &RuleNames) {
        let gone = self.rules.forget(rules, GONE);
        if !gone.is_empty() {
            for counts in lock(&self.threads).iter() {
                lock(counts).results.retain(|(_, rule, _), _| !gone.contains(rule));
            }
        }
    }

    /// All of it as text.
    pub(super) fn text(&self, rules: &RuleNames) -> String {
        let (mut admission, mut http, mut results) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for counts in lock(&self.threads).iter() {
            let counts = lock(counts);
            merge(&mut admission, counts.admission.iter().map(|(l, h)| (l.to_string(), h)));
            merge(&mut http, counts.http.iter().map(|(l, h)| (l.to_string(), h)));
            let abouts: HashMap<u32, &str> = counts.abouts.iter().map(|(text, n)| (*n, &**text)).collect();
            let named = counts.results.iter().filter_map(|((about, rule, status), h)| {
                let (about, rule) = (abouts.get(about)?, self.rules.name(*rule)?);
                let result = status.name();
                let cause = "rule_execution_cause=\"admission_request\"";
                Some((format!("{rule},{about},rule_result=\"{result}\",{cause}"), h))
            });
            merge(&mut results, named);
        }
        let mut out = String::new();
        family(
            &mut out,
            ("kyverno_admission_requests_total", "admission requests"),
            ("kyverno_admission_review_duration_seconds", "seconds that admission reviews took"),
            &admission,
        );
        family(
            &mut out,
            ("kyverno_policy_results_total", "results of rules"),
            ("kyverno_policy_execution_duration_seconds", "seconds that rules took"),
            &results,
        );
        family(
            &mut out,
            ("kyverno_http_requests_total", "requests of HTTP"),
            ("kyverno_http_requests_duration_seconds", "seconds that requests of HTTP took"),
            &http,
        );
        let name = "kyverno_policy_rule_info_total";
        head(&mut out, name, "gauge", "rules that there are");
        for rule in rules.current().filter_map(|n| self.rules.name(n)) {
            let _ = writeln!(out, "{name}{{{rule},status_ready=\"true\"}} 1");
        }
        out
    }
}

fn merge<'h>(into: &mut BTreeMap<String, Histogram>, from: impl Iterator<Item = (String, &'h Histogram)>) {
    from.for_each(|(labels, histogram)| into.entry(labels).or_default().merge(histogram));
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// A counter and the durations of what it counts.
fn family(out: &mut String, counter: (&str, &str), time: (&str, &str), all: &BTreeMap<String, Histogram>) {
    head(out, counter.0, "counter", counter.1);
    for (labels, histogram) in all {
        let _ = writeln!(out, "{}{{{labels}}} {}", counter.0, histogram.count);
    }
    head(out, time.0, "histogram", time.1);
    for (labels, histogram) in all {
        histogram.write(time.0, labels, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_add_up() {
        let metrics = Metrics::default();
        let (one, two) = (metrics.thread(), metrics.thread());
        let rule = metrics.rules.number("policy_name=\"p\"");
        let mut labels = Labels::default();
        labels.set(&[("resource_kind", "Pod")]);
        for counts in [&one, &one, &two] {
            let mut counts = lock(counts);
            counts.admission(&labels, 0.001);
            let about = counts.about(&labels);
            counts.result(about, rule, Status::Fail, 0.001);
        }
        let text = metrics.text(&RuleNames::default());
        for line in [
            "kyverno_admission_requests_total{resource_kind=\"Pod\"} 3",
            "kyverno_admission_review_duration_seconds_count{resource_kind=\"Pod\"} 3",
            "kyverno_policy_results_total{policy_name=\"p\",resource_kind=\"Pod\",rule_result=\"fail\",\
             rule_execution_cause=\"admission_request\"} 3",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
    }

    #[test]
    fn threads_that_end_are_followed_by_others() {
        let metrics = Metrics::default();
        let mut labels = Labels::default();
        labels.set(&[("resource_kind", "Pod")]);
        for _ in 0..3 {
            let counts = metrics.thread();
            lock(&counts).admission(&labels, 0.0);
        }
        assert_eq!(lock(&metrics.threads).len(), 1);
        assert!(
            metrics.text(&RuleNames::default()).contains("kyverno_admission_requests_total{resource_kind=\"Pod\"} 3")
        );
    }

    #[test]
    fn rules_that_are_gone_are_forgotten_at_last() {
        let metrics = Metrics::default();
        let counts = metrics.thread();
        let mut labels = Labels::default();
        labels.set(&[("resource_kind", "Pod")]);
        for n in 0..2 * GONE {
            let rule = metrics.rules.number(&format!("policy_name=\"p{n}\""));
            let mut counts = lock(&counts);
            let about = counts.about(&labels);
            counts.result(about, rule, Status::Pass, 0.0);
        }
        metrics.exchange(&RuleNames::default());
        let text = metrics.text(&RuleNames::default());
        let results = text.lines().filter(|l| l.starts_with("kyverno_policy_results_total{")).count();
        assert_eq!((results, lock(&counts).results.len()), (GONE, GONE));
        assert!(!text.contains("\"p0\"") && text.contains(&format!("\"p{}\"", 2 * GONE - 1)));
        assert_eq!(metrics.rules.number("policy_name=\"p0\""), 2 * GONE as u32, "a number is not used again");
    }

    #[test]
    fn series_are_limited() {
        let metrics = Metrics::default();
        let counts = metrics.thread();
        let mut labels = Labels::default();
        for n in 0..3 * SERIES {
            labels.set(&[("resource_namespace", &n.to_string())]);
            let mut counts = lock(&counts);
            counts.admission(&labels, 0.0);
            let _ = counts.about(&labels);
        }
        let counts = lock(&counts);
        assert_eq!((counts.admission.len(), counts.abouts.len()), (SERIES + 1, SERIES + 1));
        assert_eq!(counts.admission.get(OTHER).map(|h| h.count), Some(2 * SERIES as u64));
    }
}
