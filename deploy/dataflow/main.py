"""What the Flex Template's launcher runs."""

from codemill.building.drive import main

if __name__ == "__main__":
    main()
