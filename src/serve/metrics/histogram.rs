//! Counting durations.

use std::fmt::Write as _;

/// Kyverno's limits of buckets, in seconds, and as they are written.
///
/// Kyverno: pkg/config/metricsconfig.go
const BUCKETS: [(f64, &str); 15] = [
    (0.005, "0.005"),
    (0.01, "0.01"),
    (0.025, "0.025"),
    (0.05, "0.05"),
    (0.1, "0.1"),
    (0.25, "0.25"),
    (0.5, "0.5"),
    (1.0, "1"),
    (2.5, "2.5"),
    (5.0, "5"),
    (10.0, "10"),
    (15.0, "15"),
    (20.0, "20"),
    (25.0, "25"),
    (30.0, "30"),
];

/// How many durations there were, and how long they were.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Histogram {
    pub(super) count: u64,
    seconds: f64,
    /// By the first limit that they do not exceed; those beyond the last one are only counted
    buckets: [u64; BUCKETS.len()],
}

impl Histogram {
    pub(super) fn add(&mut self, seconds: f64) {
        self.count += 1;
        self.seconds += seconds;
        let first = BUCKETS.iter().position(|(limit, _)| seconds <= *limit);
        if let Some(bucket) = first.and_then(|n| self.buckets.get_mut(n)) {
            *bucket += 1;
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.seconds += other.seconds;
        self.buckets.iter_mut().zip(other.buckets).for_each(|(a, b)| *a += b);
    }

    /// Writes it as Prometheus reads it.
    pub(super) fn write(&self, name: &str, labels: &str, out: &mut String) {
        let mut sum = 0;
        let buckets = BUCKETS.iter().zip(self.buckets).map(|((_, limit), n)| {
            sum += n;
            (*limit, sum)
        });
        for (limit, count) in buckets.chain([("+Inf", self.count)]) {
            let _ = writeln!(out, "{name}_bucket{{{labels},le=\"{limit}\"}} {count}");
        }
        let _ = writeln!(out, "{name}_sum{{{labels}}} {}", self.seconds);
        let _ = writeln!(out, "{name}_count{{{labels}}} {}", self.count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_add_up() {
        let mut h = Histogram::default();
        for seconds in [0.001, 0.005, 0.2, 100.0] {
            h.add(seconds);
        }
        let mut twice = h.clone();
        twice.merge(&h);
        let mut out = String::new();
        twice.write("x", "a=\"b\"", &mut out);
        for line in [
            "x_bucket{a=\"b\",le=\"0.005\"} 4",
            "x_bucket{a=\"b\",le=\"0.1\"} 4",
            "x_bucket{a=\"b\",le=\"0.25\"} 6",
            "x_bucket{a=\"b\",le=\"30\"} 6",
            "x_bucket{a=\"b\",le=\"+Inf\"} 8",
            "x_count{a=\"b\"} 8",
        ] {
            assert!(out.lines().any(|l| l == line), "{line}\n{out}");
        }
    }
}
