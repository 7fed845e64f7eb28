//! The figures that are promised, all of one run: ratios to `serde_json::from_slice::<Value>` of the same bytes where the
//! name says nothing else.
//!
//! `cargo bench --bench ratios` prints a line a figure, `name measured limit`, and writes the same to
//! `target/ratios.json`. With `-- --enforce` a figure above its limit fails the run. `-- yaml cli` measures only figures
//! whose names start so.

#[expect(dead_code, reason = "other benches use the rest")]
mod support;

use kyvc_vm::document::{Buffers, JsonOptions, read_json};
use serde_json::json;
use std::path::{Path, PathBuf};
use support::measure::{ratio, time};
use support::{
    Failure, Figures, Worker, bad_pod, cli, instructions, object, peer, pod_security, regorus, scale, webhook,
    worse_pod,
};

/// A figure and the most it may be; information where there is no limit.
struct Figure {
    name: &'static str,
    measured: f64,
    limit: Option<f64>,
}

/// A Pod against the pod-security set.
fn pod(rounds: u32) -> Result<Figures, Failure> {
    let set = pod_security()?;
    let pod = object("pod.json")?;
    let large = object("pod-large.json")?;
    let (bad, worse) = (bad_pod(&pod)?, worse_pod(&pod)?);
    let mut w = Worker::new(&set);

    // A wrong answer is no fast answer.
    let good = w.flatten_and_check(&pod);
    let failing = w.flatten_and_check(&worse);
    if (good.failed, good.other) != (0, 0) || good.passed < 19 || failing.failed * 3 < failing.passed {
        return Err(format!("the Pods are not judged as expected: {good:?}, {failing:?}").into());
    }
    eprintln!("pod: {good:?}\nbad: {:?}\nworse: {failing:?}", w.flatten_and_check(&bad));

    let doc =
        read_json(std::str::from_utf8(&pod)?, set.program().layout(), Buffers::default(), JsonOptions::default())?;
    let mut out = Vec::new();
    let mut add = |name, limit, bytes: &[u8], work: &mut dyn FnMut()| {
        let measured = ratio(rounds, work, &mut || peer(bytes));
        out.push((name, measured, limit));
    };
    add("flatten", None, &pod, &mut || _ = w.flatten(&pod));
    add("flatten+check", Some(0.35), &pod, &mut || _ = w.flatten_and_check(&pod));
    add("check", Some(0.1), &pod, &mut || _ = w.check(&doc));
    add("bad-pod", Some(1.0), &worse, &mut || _ = w.flatten_and_check(&worse));
    add("bad-pod-four-changes", None, &bad, &mut || _ = w.flatten_and_check(&bad));
    add("large-flatten", None, &large, &mut || _ = w.flatten(&large));
    add("large-flatten+check", Some(0.4), &large, &mut || _ = w.flatten_and_check(&large));
    add("serde_json-ignored", None, &pod, &mut || {
        std::hint::black_box(serde_json::from_slice::<serde::de::IgnoredAny>(&pod).is_ok());
    });
    out.push(("serde_json-microseconds", time(2000, &mut || peer(&pod)) / 2000.0 * 1e6, None));
    Ok(out)
}

/// Another engine on five equal policies, with reading the input and without.
fn against_regorus(rounds: u32) -> Result<Figures, Failure> {
    let pod = object("pod.json")?;
    let (bad, worse) = (bad_pod(&pod)?, worse_pod(&pod)?);
    let (set, mut peer) = regorus::five(&[&pod, &bad, &worse])?;
    let mut worker = Worker::new(&set);
    let read = ratio(rounds, &mut || _ = worker.flatten_and_check(&pod), &mut || peer.read_and_check(&pod));
    let text = std::str::from_utf8(&pod)?;
    let doc = read_json(text, set.program().layout(), Buffers::default(), JsonOptions::default())?;
    let input = regorus::Peer::input(&pod)?;
    let alone = ratio(rounds, &mut || _ = worker.check(&doc), &mut || _ = peer.check(&input));
    Ok(vec![("regorus-read+check", read, Some(0.125)), ("regorus-check", alone, Some(0.05))])
}

/// Figures that come together, and how their names start.
type Group<'g> = (&'g [&'static str], &'g dyn Fn() -> Result<Figures, Failure>);

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &*arguments {
        [how, file] if [cli::READ, cli::READ_ALL].contains(&how.as_str()) => return cli::read(how, file),
        [how, file] if [scale::LOAD, scale::LOAD_NOTHING].contains(&how.as_str()) => {
            return scale::load_and_check(how, file);
        }
        [how, work, of, times] if how == instructions::COUNTED => return instructions::counted(work, of, times),
        _ => {}
    }
    let has = |name: &str| arguments.iter().any(|a| a == name);
    let only: Vec<&String> = arguments.iter().filter(|a| !a.starts_with('-')).collect();
    let wanted = |name: &str| only.is_empty() || only.iter().any(|start| name.starts_with(*start));
    // Without cargo's `--bench` this is a test that it runs.
    let (rounds, bench) = if has("--bench") { (500, true) } else { (3, false) };
    let slow = rounds.min(100);
    let (kyvc, folder) = (Path::new(env!("CARGO_BIN_EXE_kyvc")), Path::new(env!("CARGO_TARGET_TMPDIR")));
    let groups: [Group<'_>; 6] = [
        (&["flatten", "check", "bad", "large", "serde_json"], &|| pod(rounds)),
        (&["review", "mutate"], &|| webhook::figures(&pod_security()?, rounds)),
        (&["regorus"], &|| against_regorus(rounds)),
        (&["instructions"], &|| if bench { instructions::figures() } else { Ok(Figures::new()) }),
        (&["rules"], &|| scale::figures(kyvc, folder, slow, bench)),
        // Processes count only where they are built for speed.
        (&["yaml", "cli"], &|| {
            let mut all = cli::reading(slow)?;
            all.extend(cli::processes(kyvc, folder, if bench { 10_000 } else { 20 })?);
            Ok(all)
        }),
    ];
    let mut figures = Vec::new();
    for (names, measure) in groups {
        if only.is_empty() || only.iter().any(|o| names.iter().any(|n| o.starts_with(n) || n.starts_with(o.as_str()))) {
            figures.extend(measure()?.into_iter().filter(|f| wanted(f.0)));
        }
    }
    let figures: Vec<Figure> =
        figures.into_iter().map(|(name, measured, limit)| Figure { name, measured, limit }).collect();
    for f in &figures {
        let limit = f.limit.map_or("-".to_owned(), |l| l.to_string());
        println!("{} {:.3} {limit}", f.name, f.measured);
    }
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from);
    std::fs::create_dir_all(&target)?;
    let list: Vec<_> =
        figures.iter().map(|f| json!({"name": f.name, "measured": f.measured, "limit": f.limit})).collect();
    std::fs::write(target.join("ratios.json"), serde_json::to_string_pretty(&list)?)?;
    let over = figures.iter().filter(|f| f.limit.is_some_and(|l| f.measured > l)).count();
    if over > 0 && has("--enforce") {
        return Err(format!("{over} figures are above their limits").into());
    }
    Ok(())
}
