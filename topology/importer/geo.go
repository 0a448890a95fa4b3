// SPDX-License-Identifier: Apache-2.0

package importer

import "math"

const (
	earthRadiusKm = 6371.0088   // mean radius R1 of the WGS 84 ellipsoid (IUGG)
	lightKmPerUs  = 0.299792458 // in vacuum
	fibreIndex    = 1.468       // group index of single-mode fibre (ITU-T G.652) at 1550 nm
	fibreKmPerUs  = lightKmPerUs / fibreIndex
	rad           = math.Pi / 180 // one degree
)

// greatCircleKm is the distance of two places (latitude, longitude in degrees)
// on a sphere, in km, by the haversine formula, which is exact for short
// distances too.
func greatCircleKm(a, b [2]float64) float64 {
	sinLat := math.Sin((b[0] - a[0]) * rad / 2)
	sinLon := math.Sin((b[1] - a[1]) * rad / 2)
	h := sinLat*sinLat + math.Cos(a[0]*rad)*math.Cos(b[0]*rad)*sinLon*sinLon
	return 2 * earthRadiusKm * math.Asin(math.Sqrt(min(1, h)))
}

// fibreMicros is the time that light takes from a to b in a fibre that is factor
// times as long as the great circle, in microseconds, rounded up.
func fibreMicros(a, b [2]float64, factor float64) uint32 {
	return uint32(math.Ceil(greatCircleKm(a, b) * factor / fibreKmPerUs))
}
