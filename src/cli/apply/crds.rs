//! `--crd-paths`: only policies with CEL look into these files, but Kyverno misses one that is not there.
//!
//! Kyverno: utils/common/common.go, LoadCrdsFromPath.

use std::path::Path;

/// Refuses paths that name no YAML file.
pub(super) fn check(paths: &[String]) -> Result<(), String> {
    for path in paths.iter().filter(|p| !p.trim().is_empty()) {
        let trimmed = path.strip_suffix('/').unwrap_or(path);
        let absolute = std::path::absolute(trimmed).map_err(|e| format!("failed to get absolute path: {e}"))?;
        let shown = absolute.display();
        if !absolute.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            return Err(format!("CRD file must have .yaml or .yml extension: {shown}"));
        }
        if !Path::new(&absolute).exists() {
            return Err(format!("CRD file does not exist at path: {shown}"));
        }
    }
    Ok(())
}
