//! The ledger: what agrees with Kyverno and what does not, with the reason. Lines `ID<TAB>pass` or `ID<TAB>reason`, sorted.
//!
//! A suite of cases has one line, `SUITE<TAB>agreed/total`, and a line for each case that does not agree. Every difference
//! between the ledger and a run is a fault: what is worse has to be repaired, what is better has to be recorded.

use super::runs::Judged;
use super::suite::Outcome;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const PASS: &str = "pass";
/// How a reason starts that follows from the index.
const NEEDS: &str = "needs ";
/// How a reason starts that nobody has looked into yet; all others are written by hand, and stay.
const DIFFERS: &str = "differs: ";
/// What is said of an entry that is better than recorded.
const BETTER: &str = "newly passing, record it";
/// How much of a difference is recorded.
const RECORDED: usize = 160;

/// What a run says of one line of the ledger.
#[derive(Clone, Debug)]
enum Entry {
    /// It agrees; a `quiet` one has no line.
    Pass { quiet: bool },
    /// It does not: the line to record, the difference, and whether it may have no line until it fails.
    Fail { reason: String, difference: String, quiet: bool },
    /// It crashed, which no reason excuses.
    Crash(String),
    /// A suite's figures.
    Figures { agreed: usize, total: usize },
}

/// One file of the ledger, as this run would have it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page(BTreeMap<String, Entry>);

impl Page {
    /// The page of the suites of cases.
    pub(crate) fn of_cases(suites: &[(&str, Outcome)]) -> Self {
        let mut page = Self::default();
        for (name, outcome) in suites {
            let (agreed, total) = (outcome.agreed, outcome.total);
            page.0.insert((*name).to_owned(), Entry::Figures { agreed, total });
            page.0.extend(outcome.agreeing.iter().map(|id| (id.clone(), Entry::Pass { quiet: true })));
            for d in &outcome.differences {
                let entry = Entry::Fail { reason: differs(&d.text), difference: d.text.clone(), quiet: true };
                page.0.insert(d.id.clone(), entry);
            }
        }
        page
    }

    /// The page of folders or of policy files.
    pub(crate) fn of_runs(runs: &[Judged]) -> Self {
        Self(runs.iter().map(|judged| (judged.id.clone(), Entry::of_run(judged))).collect())
    }
}

impl Entry {
    fn of_run(judged: &Judged) -> Self {
        if let Some(text) = &judged.crash {
            return Self::Crash(text.clone());
        }
        if judged.passes() {
            return Self::Pass { quiet: false };
        }
        let difference = judged.difference().unwrap_or("nothing is expected").to_owned();
        let reason =
            if judged.required() { differs(&difference) } else { format!("{NEEDS}{}", judged.missing.join(", ")) };
        Self::Fail { reason, difference, quiet: false }
    }

    /// What is wrong between a line of the ledger and this entry.
    fn fault(&self, id: &str, recorded: Option<&str>) -> Option<String> {
        let unknown = || Some(format!("unknown to the ledger: {id}"));
        match (self, recorded) {
            (Self::Crash(text), _) => Some(format!("crashed: {id}: {text}")),
            (Self::Pass { quiet: true }, None) | (Self::Pass { quiet: false }, Some(PASS)) => None,
            (Self::Pass { .. }, Some(_)) => Some(format!("{BETTER}: {id}")),
            (Self::Fail { difference, quiet: true, .. }, None) | (Self::Fail { difference, .. }, Some(PASS)) => {
                Some(format!("regressed: {id}: {difference}"))
            }
            (Self::Fail { reason, .. }, Some(old)) => {
                let changed = (old.starts_with(NEEDS) || reason.starts_with(NEEDS)) && old != reason;
                changed.then(|| format!("another reason: {id}: {reason} (recorded: {old})"))
            }
            (Self::Pass { .. } | Self::Fail { .. } | Self::Figures { .. }, None) => unknown(),
            (Self::Figures { agreed, total }, Some(old)) => figures(id, (*agreed, *total), old),
        }
    }

    /// The line to record, if there is to be one; a reason given by hand stays.
    fn line(&self, recorded: Option<&str>) -> Option<String> {
        match self {
            Self::Pass { quiet: true } => None,
            Self::Pass { quiet: false } => Some(PASS.to_owned()),
            Self::Figures { agreed, total } => Some(format!("{agreed}/{total}")),
            Self::Crash(_) => Some("crashes".to_owned()),
            Self::Fail { reason, .. } => {
                let automatic = |old: &str| old == PASS || old.starts_with(NEEDS) || old.starts_with(DIFFERS);
                let by_hand = recorded.filter(|old| !automatic(old));
                Some(by_hand.filter(|_| !reason.starts_with(NEEDS)).unwrap_or(reason).to_owned())
            }
        }
    }
}

fn differs(difference: &str) -> String {
    let text: String = difference.chars().take(RECORDED).collect();
    format!("{DIFFERS}{}", text.replace('\t', " "))
}

fn figures(id: &str, (agreed, total): (usize, usize), old: &str) -> Option<String> {
    let was: Vec<usize> = old.split('/').filter_map(|n| n.parse().ok()).collect();
    let now = format!("{id}: {agreed}/{total} (recorded: {old})");
    match was[..] {
        [was, of] if of == total && agreed < was => Some(format!("regressed: {now}")),
        [was, of] if of == total && agreed > was => Some(format!("{BETTER}: {now}")),
        [_, of] if of == total => None,
        _ => Some(format!("unknown to the ledger: {now}")),
    }
}

/// Compares the pages with the ledger in a folder, or rewrites it.
pub(crate) fn settle(folder: &Path, pages: &[(&str, Page)], bless: bool) -> Result<(), String> {
    let mut faults = Vec::new();
    for (name, page) in pages {
        let file = folder.join(name);
        let recorded = parse(&fs::read_to_string(&file).unwrap_or_default());
        if bless {
            let lines: Vec<_> =
                page.0.iter().filter_map(|(id, e)| Some((id, e.line(recorded.get(id).map(String::as_str))?))).collect();
            let text: String = lines.iter().map(|(id, line)| format!("{id}\t{line}\n")).collect();
            fs::write(&file, text).map_err(|e| format!("{}: {e}", file.display()))?;
        } else {
            faults.extend(compare(page, &recorded));
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    // What is better comes last, so that it does not hide what is worse.
    faults.sort_by_key(|fault| (fault.starts_with(BETTER), fault.clone()));
    let advice = "KYVC_CONFORMANCE_BLESS=1 rewrites snapshots/ledger; look at its diff";
    Err(format!("{} faults\n{}\n{advice}", faults.len(), faults.join("\n")))
}

fn parse(text: &str) -> BTreeMap<String, String> {
    text.lines().filter_map(|l| l.split_once('\t')).map(|(id, line)| (id.to_owned(), line.to_owned())).collect()
}

fn compare(page: &Page, recorded: &BTreeMap<String, String>) -> Vec<String> {
    let mut faults: Vec<String> =
        page.0.iter().filter_map(|(id, entry)| entry.fault(id, recorded.get(id).map(String::as_str))).collect();
    let gone = recorded.keys().filter(|id| !page.0.contains_key(*id));
    faults.extend(gone.map(|id| format!("no longer in the data: {id}")));
    faults
}
