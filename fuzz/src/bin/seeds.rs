//! Writes seeds for the targets to `corpus/`: the policies of this repository, their programs, and the benches' objects.

use kyvc::diag::Source;
use kyvc::engine::{CompileOptions, compile_sources, save};
use std::fs;
use std::io::Result;
use std::path::{Path, PathBuf};

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let seed = |target: &str, number: usize, bytes: &[u8]| {
        let dir = root.join("corpus").join(target);
        fs::create_dir_all(&dir)?;
        fs::write(dir.join(format!("seed-{number:03}")), bytes)
    };
    let mut files = Vec::new();
    find(&root.join("../policies"), &mut files)?;
    files.sort();
    let (mut policies, mut programs) = (0, 0);
    for (number, path) in files.iter().enumerate() {
        let text = fs::read_to_string(path)?;
        seed("policy_yaml", number, text.as_bytes())?;
        policies += 1;
        let compiled = compile_sources(&[Source::new(path.display().to_string(), text)], CompileOptions::default());
        if compiled.set.rules().is_empty() {
            continue;
        }
        let file = save(&compiled.set);
        let payload = kyvc_fuzz::payload_of(&file);
        seed("program_roundtrip", number, payload)?;
        seed("load_bytes", number, payload)?;
        programs += 1;
    }
    for (number, object) in ["pod.json", "review-pod-update.json"].iter().enumerate() {
        seed("json_document", number, &fs::read(root.join("../benches/data").join(object))?)?;
    }
    for (number, review) in kyvc_fuzz::REVIEWS.iter().enumerate() {
        // As it is, and with the first edits.
        seed("review", number, &[&[u8::MAX][..], review.as_bytes()].concat())?;
        for edits in 0..16 {
            let choices = [&[number as u8][..], &[edits; 24]].concat();
            seed("review", 100 * (number + 1) + usize::from(edits), &choices)?;
        }
    }
    for (number, text) in SMALL.iter().enumerate() {
        seed("json_document", 100 + number, text.as_bytes())?;
    }
    println!("{policies} policies, {programs} programs");
    Ok(())
}

/// Each construct of JSON once, for the fuzzer to put together.
const SMALL: &[&str] = &[
    r#"{"spec":[{"a":{"b":null}},{"a":"\u00e9\ud83d\ude00\n"}],"a":{"spec":-0.5e+3}}"#,
    r#"[1,9223372036854775807,9223372036854775808,-9223372036854775808,1e308,0,-0,true,false,null,"",{},[]]"#,
    "{\"a\":1,\"a\":{\"b\":2},\"spec\":{\"a\":[[]]} ,\n\t\"spec\" : 1}\r\n",
];

fn find(dir: &Path, out: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, out)?;
        } else if path.file_name().is_some_and(|n| n == "policy.yaml") {
            out.push(path);
        }
    }
    Ok(())
}
