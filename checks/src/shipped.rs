//! The deployments that come with Highwater, and are checked when no file is named.

use crate::Source;

/// Name and text of each, in the order in which they are shown.
const DEPLOYMENTS: [(&str, &str); 3] = [
    (
        "checks/deployments/stretched-3dc.toml",
        include_str!("../deployments/stretched-3dc.toml"),
    ),
    (
        "checks/deployments/stretched-2dc-witness.toml",
        include_str!("../deployments/stretched-2dc-witness.toml"),
    ),
    (
        "checks/deployments/single-site-acks-1.toml",
        include_str!("../deployments/single-site-acks-1.toml"),
    ),
];

/// Every shipped deployment.
pub fn deployments() -> Vec<Source> {
    DEPLOYMENTS
        .into_iter()
        .map(|(file, text)| Source::new(file, text))
        .collect()
}
