//! A pass allocates nothing: reading and checking a Pod that satisfies every rule works in the memory of the one before.

#[path = "../benches/support/mod.rs"]
#[expect(dead_code, reason = "the benches use the rest")]
mod support;

use kyvc::engine::query::{Evaluator, Query};
use kyvc_vm::document::{Buffers, JsonOptions, read_json};
use support::expressions::{EXPRESSIONS, OWN};
use support::{Worker, bad_pod, object, pod_security};

#[test]
fn a_pass_allocates_nothing() {
    let set = pod_security().unwrap();
    let pod = object("pod.json").unwrap();
    let mut worker = Worker::new(&set);
    let first = worker.flatten_and_check(&pod);
    assert!(first.passed >= 19 && first.failed + first.other == 0, "{first:?}");
    let mut again = first;
    let made = allocation_counter::measure(|| again = worker.flatten_and_check(&pod));
    assert_eq!(again, first);
    assert_eq!((made.count_total, made.bytes_total), (0, 0), "{made:?}");
}

/// What a failure allocated is given back, and the next pass is as free as the others.
#[test]
fn nothing_is_left_of_a_failure() {
    let set = pod_security().unwrap();
    let pod = object("pod.json").unwrap();
    let bad = bad_pod(&pod).unwrap();
    let mut worker = Worker::new(&set);
    for _ in 0..2 {
        assert!(worker.flatten_and_check(&bad).failed > 0);
        worker.flatten_and_check(&pod);
    }
    let failing = allocation_counter::measure(|| _ = worker.flatten_and_check(&bad));
    assert_eq!(failing.bytes_current, 0, "{failing:?}");
    let passing = allocation_counter::measure(|| _ = worker.flatten_and_check(&pod));
    assert_eq!(passing.bytes_total, 0, "{passing:?}");
}

/// An expression is evaluated in the memory of the one before; only a quantity that is printed takes a text of its own.
#[test]
fn an_expression_allocates_nothing() {
    let text = String::from_utf8(object("pod.json").unwrap()).unwrap();
    let all = EXPRESSIONS.iter().map(|(name, e, _)| (*name, *e)).chain(OWN);
    for (name, expression) in all {
        let query = Query::compile(expression).unwrap();
        let options = JsonOptions { floats: true, ..JsonOptions::default() };
        let document = read_json(&text, query.layout(), Buffers::default(), options).unwrap();
        let mut evaluator = Evaluator::default();
        let first = evaluator.evaluate(&query, &document).unwrap().json().unwrap();
        let made = allocation_counter::measure(|| {
            evaluator.evaluate(&query, &document).unwrap();
        });
        let allowed = if name == "add" { 2 } else { 0 };
        assert!(made.count_total <= allowed, "{name}: {made:?}");
        assert_eq!(evaluator.evaluate(&query, &document).unwrap().json().unwrap(), first);
    }
}
