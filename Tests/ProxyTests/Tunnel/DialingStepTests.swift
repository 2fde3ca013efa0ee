import StateTables
import Testing

@testable import Tunnel

@Suite("The steps of dialing")
struct DialingStepTests {
  @Test("the table in the source says which step each event leads to, and what changes nothing")
  func followsTable() throws {
    let table = try TransitionTable(.dialingStep)
    let (steps, events) = (DialingStep.allCases, DialingStep.Event.allCases)
    #expect(table.faults(states: steps.map { "\($0)" }, events: events.map { "\($0)" }) == [])
    for step in steps {
      for event in events {
        let row = table.rows(state: "\(step)", event: "\(event)").first
        #expect(step.after(event).map { "\($0)" } == row?.next, "\(step), \(event)")
      }
    }
  }

  @Test("no step comes twice on one way")
  func goesForward() {
    for (place, step) in DialingStep.allCases.enumerated() {
      for event in DialingStep.Event.allCases {
        guard let next = step.after(event) else { continue }
        #expect(DialingStep.allCases.firstIndex(of: next) ?? 0 > place)
      }
    }
  }
}
