// SPDX-License-Identifier: Apache-2.0
//
// A case as Boost's compressed graph, filtered by what is available.
#pragma once

#include "bench.hpp"

#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/filtered_graph.hpp>

struct ArcData {
  uint32_t cost, delay, mbps, number;
};

using Graph = boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, ArcData, boost::no_property, uint32_t, uint32_t>;
using Arc = boost::graph_traits<Graph>::edge_descriptor;

// Wide lets the arcs through on which enough is available.
struct Wide {
  const Graph* graph = nullptr;
  uint32_t mbps = 0;
  bool operator()(const Arc& a) const { return (*graph)[a].mbps >= mbps; }
};

using Filtered = boost::filtered_graph<Graph, Wide>;

inline Graph build(const bench::Case& c) {
  std::vector<std::pair<uint32_t, uint32_t>> ends;
  std::vector<ArcData> data;
  for (const bench::Arc& a : c.arcs) {
    ends.emplace_back(a.from, a.to);
    data.push_back({a.cost, a.delay, a.mbps, uint32_t(data.size())});
  }
  return Graph(boost::edges_are_unsorted_multi_pass, ends.begin(), ends.end(), data.begin(), c.nodes);
}
