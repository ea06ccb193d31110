//! How much memory the passes go over, and how much the machine has near.

use crate::rounds::{Layout, engine};

/// The data caches of the first core, as Linux tells them.
pub(crate) fn caches() -> String {
    let told: Vec<String> = (0..4)
        .filter_map(|index| {
            let cache = format!("/sys/devices/system/cpu/cpu0/cache/index{index}");
            let read = |what: &str| std::fs::read_to_string(format!("{cache}/{what}")).ok();
            let (kind, level, size) = (read("type")?, read("level")?, read("size")?);
            let holds_data = kind.trim() != "Instruction";
            holds_data.then(|| format!("L{} {}", level.trim(), size.trim()))
        })
        .collect();
    format!("Caches: {}.", told.join(", "))
}

/// What the columns take at each size.
pub(crate) fn told(layout: &Layout, sizes: &[usize]) -> String {
    let bytes = engine(layout, 1).columns().bytes_per_partition();
    let sizes: Vec<String> = sizes
        .iter()
        .map(|size| {
            format!(
                "{:.1} MiB at {size}",
                (bytes * size) as f64 / (1 << 20) as f64
            )
        })
        .collect();
    format!("{bytes} bytes a partition: {}.", sizes.join(", "))
}
