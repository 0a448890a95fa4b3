// SPDX-License-Identifier: Apache-2.0
//
// LEMON's Dijkstra on its compressed digraph, over the arcs that are wide enough
// for the query, until the destination is reached. Distances only. The best of
// the heaps that suit it counts.
#include "bench.hpp"

#include <algorithm>
#include <numeric>

#include <lemon/adaptors.h>
#include <lemon/bin_heap.h>
#include <lemon/config.h>
#include <lemon/dijkstra.h>
#include <lemon/quad_heap.h>
#include <lemon/radix_heap.h>
#include <lemon/static_graph.h>

using Graph = lemon::StaticDigraph;
using Numbers = Graph::NodeMap<int>;
using Costs = Graph::ArcMap<int>;

// Wide lets the arcs through on which enough is available.
struct Wide {
  using Key = Graph::Arc;
  using Value = bool;
  const Graph::ArcMap<uint32_t>* available;
  uint32_t mbps;
  bool operator[](const Key& a) const { return (*available)[a] >= mbps; }
};

using Filtered = lemon::FilterArcs<const Graph, const Wide>;

// Predecessors are not asked for: nobody else keeps them.
template <typename Heap>
using Dijkstra = typename lemon::Dijkstra<Filtered, Costs>::template SetPredMap<lemon::NullMap<Graph::Node, Graph::Arc>>::
    Create::template SetDistMap<Numbers>::Create::template SetHeap<Heap, Numbers>::Create;

struct Input {
  Graph graph;
  Costs cost{graph};
  Graph::ArcMap<uint32_t> available{graph};

  explicit Input(const bench::Case& c) {
    std::vector<bench::Arc> arcs = c.arcs;
    std::stable_sort(arcs.begin(), arcs.end(), [](const auto& a, const auto& b) { return a.from < b.from; });
    std::vector<std::pair<int, int>> ends;
    for (const bench::Arc& a : arcs) ends.emplace_back(a.from, a.to);
    graph.build(int(c.nodes), ends.begin(), ends.end());
    for (size_t i = 0; i < arcs.size(); i++) {
      cost[graph.arc(int(i))] = int(arcs[i].cost);
      available[graph.arc(int(i))] = arcs[i].mbps;
    }
  }
};

template <typename Heap>
bench::Report with(const Input& in, const bench::Case& c, double seconds) {
  Wide wide{&in.available, 0};
  const Filtered filtered(in.graph, wide);
  Dijkstra<Heap> dijkstra(filtered, in.cost);
  Numbers dist(in.graph), place(in.graph);
  lemon::NullMap<Graph::Node, Graph::Arc> none;
  Heap heap(place);
  dijkstra.predMap(none).distMap(dist).heap(heap, place);
  return bench::run("LEMON " LEMON_VERSION, c, seconds, [&](const bench::Query& q) {
    wide.mbps = q.mbps;
    const Graph::Node to = in.graph.node(int(q.to));
    dijkstra.init();
    dijkstra.addSource(in.graph.node(int(q.from)));
    dijkstra.start(to);
    if (heap.state(to) == Heap::PRE_HEAP) return bench::Answer{};
    return bench::Answer{dist[to], -1};
  });
}

int main(int argc, char** argv) {
  return bench::entry(argc, argv, [](const bench::Case& c, double seconds) {
    const Input in(c);
    const bench::Report all[] = {
        with<lemon::BinHeap<int, Numbers>>(in, c, seconds),
        with<lemon::QuadHeap<int, Numbers>>(in, c, seconds),
        with<lemon::RadixHeap<Numbers>>(in, c, seconds),
    };
    return *std::max_element(std::begin(all), std::end(all),
                             [](const auto& a, const auto& b) { return a.queriesPerSecond < b.queriesPerSecond; });
  });
}
