//! `{{@}}`: the value of the object at the place where the variable stands.

/// The expression that `{{@}}` at a path stands for, of the object that `object` names.
///
/// Kyverno: pkg/engine/variables/vars.go, it leaves out the first two steps after the last loop of the path, which name
/// the kind of rule and of check, whether they are there or not.
pub(super) fn expression(path: &str, object: &str) -> String {
    let steps = steps(path);
    let inside = steps.iter().position(|s| s == "foreach").map_or(0, |at| at + 1);
    let rest = steps.iter().skip(inside + 2).map(String::as_str);
    let mut out = String::new();
    for step in object.split('.').chain(rest) {
        append(step, &mut out);
    }
    out
}

/// Kyverno: pkg/utils/jsonpointer/pointer.go, ParsePath.
fn steps(path: &str) -> Vec<String> {
    let (mut out, mut step) = (Vec::new(), String::new());
    let (mut escaped, mut quoted) = (false, false);
    for c in path.chars() {
        match c {
            c if escaped => {
                step.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '/' if !quoted => {
                if !step.is_empty() {
                    out.push(std::mem::take(&mut step));
                }
            }
            c => step.push(c),
        }
    }
    if !step.is_empty() {
        out.push(step);
    }
    out
}

fn append(step: &str, out: &mut String) {
    if !step.is_empty() && step.bytes().all(|b| b.is_ascii_digit()) && step.parse::<u64>().is_ok() {
        out.push_str(&format!("[{step}]"));
        return;
    }
    if !out.is_empty() {
        out.push('.');
    }
    let first = |c: char| c == '(' || c == '_' || c.is_ascii_alphabetic();
    let other = |c: char| c == ')' || c == '_' || c.is_ascii_alphanumeric();
    if step.chars().next().is_some_and(first) && step.chars().all(other) {
        out.push_str(step);
        return;
    }
    out.push('"');
    for c in step.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c >= ' ' => out.push(c),
            c => out.push_str(&format!("\\u{:04x}", u32::from(c))),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_two_steps_do_not_count() {
        let of = |path| expression(path, "request.object");
        assert_eq!(
            of("/mutate/patchStrategicMerge/spec/containers/0/image"),
            "request.object.spec.containers[0].image"
        );
        assert_eq!(of("/metadata/labels/app.kubernetes.io\\/name"), "request.object.\"app.kubernetes.io/name\"");
        assert_eq!(of("/mutate/foreach/0/patchStrategicMerge/spec"), "request.object.spec");
        assert_eq!(expression("/a/b/c", "target"), "target.c");
    }
}
