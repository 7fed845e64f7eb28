//! Measuring one piece of work against another in the same run.

use std::time::{Duration, Instant};

/// How long a batch of the peer takes, so that a batch is long against the clock and short against the machine's moods.
const BATCH: Duration = Duration::from_micros(400);

/// Seconds for so many times.
pub(crate) fn time(times: u32, work: &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..times {
        work();
    }
    start.elapsed().as_secs_f64()
}

/// The median of the ratios of `rounds` pairs of batches: work and peer take turns in short batches, so that what else
/// the machine does then hits both.
pub(crate) fn ratio(rounds: u32, work: &mut dyn FnMut(), peer: &mut dyn FnMut()) -> f64 {
    let times = |work: &mut dyn FnMut()| ((BATCH.as_secs_f64() / (time(64, work) / 64.0)) as u32).max(1);
    let (of_work, of_peer) = (times(work), times(peer));
    let mut pair = |round: u32| {
        // Neither is always the one that finds the cache cold.
        let (work, peer) = if round.is_multiple_of(2) {
            let first = time(of_work, work);
            (first, time(of_peer, peer))
        } else {
            let first = time(of_peer, peer);
            (time(of_work, work), first)
        };
        (work / f64::from(of_work)) / (peer / f64::from(of_peer))
    };
    median((0..rounds).map(&mut pair).collect())
}

/// The median of a list of figures.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
