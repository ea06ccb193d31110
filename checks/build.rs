//! Deployments and experiments are built into the command (`src/shipped.rs`); a file that is added to their
//! folders changes nothing that the compiler looks at.

fn main() {
    println!("cargo::rerun-if-changed=deployments");
    println!("cargo::rerun-if-changed=experiments");
}
