//! Policies that come and go, and what may be answered meanwhile.

use super::driver::Question;
use super::server::{labelled, pod};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU8, Ordering};

/// The policy's state, as far as the test knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum State {
    /// No replica has it
    Absent,
    /// Some may have it
    Changing,
    /// All have it
    Present,
}

/// Policies by their numbers. Each is about the Pods that name it.
pub(crate) struct Policies(Vec<AtomicU8>);

impl Policies {
    pub(crate) fn new(count: usize) -> Self {
        Self((0..count).map(|_| AtomicU8::new(State::Absent as u8)).collect())
    }

    pub(crate) fn set(&self, number: usize, state: State) {
        self.0[number].store(state as u8, Ordering::SeqCst);
    }

    fn state(&self, number: usize) -> State {
        match self.0[number].load(Ordering::SeqCst) {
            0 => State::Absent,
            1 => State::Changing,
            _ => State::Present,
        }
    }

    /// A policy that is always there, for which Pods have a team.
    pub(crate) fn lasting() -> String {
        labelled("lasting", "Enforce", "")
    }

    pub(crate) fn text(number: usize) -> String {
        format!(
            r#"
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {{name: {}}}
spec:
  rules:
  - name: named
    match: {{any: [{{resources: {{kinds: [Pod], selector: {{matchLabels: {{policy: n{number}}}}}}}}}]}}
    validate: {{failureAction: Enforce, message: It is n{number}., deny: {{}}}}
"#,
            Self::name(number)
        )
    }

    pub(crate) fn name(number: usize) -> String {
        format!("policy-{number}")
    }

    /// A Pod that a policy is about.
    pub(crate) fn pod(number: usize, uid: &str) -> Value {
        pod(uid, json!({"team": "a", "policy": format!("n{number}")}))
    }

    /// One of the requests that are sent, by its number: about a policy that comes and goes, or about the one that stays.
    pub(crate) fn question(&self, number: usize) -> Question<'_> {
        let uid = format!("request-{number}");
        let (review, about) = match number % 4 {
            0 => (pod(&uid, json!({"team": "a"})), None),
            1 => (pod(&uid, json!({})), None),
            _ => (Self::pod(number / 4 % self.0.len(), &uid), Some(number / 4 % self.0.len())),
        };
        let before = about.map(|n| self.state(n));
        let judge = move |status: u16, text: &str| {
            let after = about.map(|n| self.state(n));
            let wrong = |why: &str| Err(format!("{uid}: {why} ({before:?}, {after:?}): {status} {text}"));
            let answer: Value = match serde_json::from_str(text) {
                Ok(answer) if status == 200 => answer,
                _ => return wrong("this is no review"),
            };
            let response = &answer["response"];
            if response["uid"] != uid {
                return wrong("the answer to another request");
            }
            let refused = response["allowed"] == false;
            let by = match about {
                None => "lasting".to_owned(),
                Some(n) => Self::name(n),
            };
            let message = response["status"]["message"].as_str().unwrap_or_default();
            if refused && !message.contains(&format!("\n{by}:\n")) {
                return wrong("refused for another reason");
            }
            let right = match (about, before, after) {
                (None, ..) => refused == (number % 4 == 1),
                (_, Some(State::Absent), Some(State::Absent)) => !refused,
                (_, Some(State::Present), Some(State::Present)) => refused,
                _ => true,
            };
            if right { Ok(()) } else { wrong("a wrong answer") }
        };
        let path = if number.is_multiple_of(3) { "/validate/fail" } else { "/validate" };
        Question { path, body: review.to_string(), judge: Box::new(judge) }
    }
}
