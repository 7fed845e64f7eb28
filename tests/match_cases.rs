//! tmp
use kyvc::engine::probe::match_pattern;
use kyvc::policy::tree::Tree;
use kyvc_vm::document::*;
#[test]
fn cases() {
    let text = std::fs::read_to_string("/work/shared/conformance/expected/patterns.json").unwrap();
    let cases: serde_json::Value = serde_json::from_str(&text).unwrap();
    let (mut ok, mut all) = (0, 0);
    for c in cases.as_array().unwrap().iter().filter(|c| c["kind"] == "match") {
        all += 1;
        let layout = Layout::everything();
        let p = c["pattern"].to_string();
        let doc = read_json(&p, &layout, Buffers::default(), JsonOptions::default()).unwrap();
        let tree = Tree::of(&doc, doc.root().unwrap());
        let got = match_pattern(&tree, &c["resource"].to_string());
        let want =
            (c["status"].as_str().unwrap(), c["path"].as_str().unwrap_or(""), c["message"].as_str().unwrap_or(""));
        let good = got.as_ref().is_some_and(|g| (g.status.name(), g.path.as_str(), g.message.as_str()) == want);
        if good {
            ok += 1
        } else if all - ok < 15 {
            println!("{} {} on {}\n  want {want:?}\n  got {got:?}", c["id"], p, c["resource"]);
        }
    }
    println!("match: {ok}/{all}");
}
