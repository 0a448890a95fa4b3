// SPDX-License-Identifier: Apache-2.0
//
// Boost's Dijkstra on its compressed graph, over the arcs that are wide enough
// for the query, until the destination is reached. Distances only. Of its forms
// this is the fastest: without colours, and only what was touched is reset.
#include "boost_graph.hpp"

#include <limits>

#include <boost/graph/dijkstra_shortest_paths_no_color_map.hpp>
#include <boost/version.hpp>

constexpr uint32_t unreached = std::numeric_limits<uint32_t>::max();

// UntilTarget notes what was reached, and ends the search at the target. It does
// that by giving the target, whose distance it keeps, the distance at which the
// search ends by itself: an exception would cost more than many a query.
struct UntilTarget : boost::dijkstra_visitor<> {
  uint32_t target;
  std::vector<uint32_t>*dist, *touched;
  uint32_t* answer;

  void discover_vertex(uint32_t v, const Filtered&) const { touched->push_back(v); }
  void examine_vertex(uint32_t v, const Filtered&) const {
    if (v != target) return;
    *answer = (*dist)[v];
    (*dist)[v] = unreached;
  }
};

int main(int argc, char** argv) {
  return bench::entry(argc, argv, [](const bench::Case& c, double seconds) {
    const Graph graph = build(c);
    std::vector<uint32_t> dist(c.nodes, unreached), touched;
    const auto index = get(boost::vertex_index, graph);
    return bench::run("Boost " BOOST_LIB_VERSION, c, seconds, [&](const bench::Query& q) {
      const Filtered filtered(graph, Wide{&graph, q.mbps});
      uint32_t answer = unreached;
      UntilTarget visitor;
      visitor.target = q.to, visitor.dist = &dist, visitor.touched = &touched, visitor.answer = &answer;
      dist[q.from] = 0;
      boost::dijkstra_shortest_paths_no_color_map_no_init(
          filtered, q.from, boost::dummy_property_map(), boost::make_iterator_property_map(dist.begin(), index),
          get(&ArcData::cost, graph), index, std::less<uint32_t>(), boost::closed_plus<uint32_t>(unreached), unreached, 0u, visitor);
      for (const uint32_t v : touched) dist[v] = unreached;
      touched.clear();
      return answer == unreached ? bench::Answer{} : bench::Answer{answer, -1};
    });
  });
}
