//! What mirrors that put their source's name before a topic's make of local topics, read off the routes.
//!
//! A record goes along mirrors and never to a cluster where it has been; what its topic is called there says
//! the route backwards.

use std::collections::BTreeSet;

/// Every topic there comes to be: its cluster, and what it is called there.
///
/// Clusters are given by their names, mirrors by the places of their source and target, and local topics by
/// the place of their cluster (`DefaultReplicationPolicy.formatRemoteTopic`, `MirrorSourceConnector.isCycle`).
///
/// # Panics
/// If a place is not one of a cluster.
pub fn topics_of_routes(
    clusters: &[&str],
    mirrors: &[(usize, usize)],
    local: &[(usize, &str)],
) -> BTreeSet<(usize, String)> {
    let mut found = BTreeSet::new();
    let mut routes: Vec<(Vec<usize>, &str)> = local
        .iter()
        .map(|(cluster, topic)| (vec![*cluster], *topic))
        .collect();
    while let Some((route, topic)) = routes.pop() {
        let (here, came_through) = route.split_last().expect("a route begins somewhere");
        let mut words: Vec<&str> = came_through.iter().map(|it| clusters[*it]).collect();
        words.reverse();
        words.push(topic);
        found.insert((*here, words.join(".")));
        for (_, to) in mirrors.iter().filter(|(from, _)| from == here) {
            if !route.contains(to) {
                let longer = [route.as_slice(), &[*to]].concat();
                routes.push((longer, topic));
            }
        }
    }
    found
}
