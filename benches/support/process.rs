//! Measuring whole processes: the CPU time and the peak memory that the system counted for them.

use super::Failure;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What runs of a command took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// CPU seconds of one run, on all cores
    pub(crate) cpu: f64,
    /// Bytes of memory at the peak
    pub(crate) peak: f64,
    /// The busiest thread's share of the CPU time, as far as it could be seen
    pub(crate) busiest: f64,
}

/// Runs a command so many times. The exit code has to be 0.
pub(crate) fn run(command: &mut Command, times: u32) -> Result<Cost, Failure> {
    let (before, start) = (ticks_of_children()?, Instant::now());
    let (mut peak, mut busiest): (f64, f64) = (0.0, 0.0);
    for _ in 0..times {
        let mut child = command.stdout(Stdio::null()).spawn()?;
        let status = format!("/proc/{}/status", child.id());
        let tasks = format!("/proc/{}/task", child.id());
        let mut threads = HashMap::new();
        // The high-water mark is gone with the process: the last one seen before its end is as good.
        let code = loop {
            if let Some(code) = child.try_wait()? {
                break code;
            }
            let seen = fs::read_to_string(&status).ok().and_then(|text| high_water(&text));
            peak = peak.max(seen.unwrap_or(0.0));
            threads_of(&tasks, &mut threads);
            // At first often, for those that end soon.
            if start.elapsed() > Duration::from_millis(100) * times {
                std::thread::sleep(Duration::from_millis(1));
            }
        };
        if !code.success() {
            return Err(format!("{command:?}: {code}").into());
        }
        let all: f64 = threads.values().sum();
        busiest = busiest.max(threads.values().fold(0.0, |most: f64, time| most.max(*time)) / all.max(1.0));
    }
    // Linux shows these clocks in hundredths, whatever its own tick is.
    let cpu = (ticks_of_children()? - before) / 100.0 / f64::from(times);
    Ok(Cost { cpu, peak, busiest })
}

/// Notes the CPU time that each thread of a process had, which is gone with the thread.
fn threads_of(tasks: &str, times: &mut HashMap<OsString, f64>) {
    for thread in fs::read_dir(tasks).into_iter().flatten().flatten() {
        let text = fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
        if let Some(Ok(time)) = text.split(' ').next().map(str::parse) {
            times.insert(thread.file_name(), time);
        }
    }
}

fn high_water(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<f64>().ok()? * 1024.0)
}

/// User and system time of the children that were waited for.
fn ticks_of_children() -> Result<f64, Failure> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The second field may have spaces; the times are the 16th and 17th.
    let after = stat.rsplit_once(')').ok_or("no process state")?.1;
    let fields: Vec<f64> = after.split_whitespace().skip(13).take(2).filter_map(|f| f.parse().ok()).collect();
    if fields.len() == 2 { Ok(fields.iter().sum()) } else { Err("no times of children".into()) }
}
