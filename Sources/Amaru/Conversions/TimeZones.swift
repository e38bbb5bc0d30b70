// TimeZone ⇄ ZoneInfo and timezone.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension TimeZone: PythonConvertible {
    /// Makes a `zoneinfo.ZoneInfo`, or a `datetime.timezone` where the zone is UTC or a distance
    /// from it.
    ///
    /// - Throws: ``PythonConversionError`` where Python does not know the zone.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        let distance = secondsFromGMT()
        let isFixed =
            identifier == "UTC" || identifier == TimeZone(secondsFromGMT: distance)?.identifier
        if isFixed { return try RuntimeValue.make(.values, "zone_at", [distance], gil) }
        return try RuntimeValue.make(.values, "zone_named", [identifier], gil)
    }

    /// Reads a `zoneinfo.ZoneInfo` or a `datetime.timezone`.
    ///
    /// - Throws: ``PythonConversionError`` where Swift does not know the zone.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> TimeZone {
        let parts: PythonTypedTuple<String?, Int> = try RuntimeValue.read(
            .values,
            "parts_of_zone",
            reference,
            gil
        )
        let (name, distance) = parts.values
        if let name {
            guard let zone = TimeZone(identifier: name) else {
                throw PythonConversionError(.value, "time zone \(name) is not known to Swift")
            }
            return zone
        }
        guard let zone = TimeZone(secondsFromGMT: distance), zone.secondsFromGMT() == distance
        else {
            throw PythonConversionError(
                .value,
                "a time zone \(distance) seconds from UTC is not known to Swift"
            )
        }
        return zone
    }
}
