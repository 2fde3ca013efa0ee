/// Why a measurement could not be taken, in words for the row or the error line that shows it.
struct Failure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
